package rotate

import (
	"os"
	"time"
)

// Opener opens the files of a plan. A file that is there is written over.
type Opener interface {
	// Open opens the file that [Plan.Name] names. The file is the caller's.
	Open(n uint64, at time.Time) (*os.File, error)
	Close() error
}

// Here opens the files itself.
func Here(p *Plan) Opener { return here{p} }

type here struct{ plan *Plan }

func (h here) Open(n uint64, at time.Time) (*os.File, error) { return os.Create(h.plan.Name(n, at)) }
func (here) Close() error                                    { return nil }
