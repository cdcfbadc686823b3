package ownerhelper

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/internal/companion"
)

// closing is how long Close waits for the other process.
const closing = 3 * time.Second

// Process is a [Client] with the process that it asks.
type Process struct {
	*Client
	done chan struct{} // closed when the process has ended
}

// Start starts this program again with the given arguments, name first, which have to
// lead to [ServeParent], and asks it from then on. Stderr is for what it has to say.
// Ended is told once if it ends before Close.
func Start(args []string, stderr io.Writer, ended func(error)) (*Process, error) {
	conn, over, err := companion.Start(companion.Stream, args, stderr)
	if err != nil {
		return nil, fmt.Errorf("start the process that looks up owners: %w", err)
	}
	p := &Process{Client: NewClient(conn, ended), done: make(chan struct{})}
	go func() {
		p.Fail(<-over)
		close(p.done)
	}()
	return p, nil
}

// Close implements [owner.Source]. It waits until the process has ended, for a few
// seconds at most.
func (p *Process) Close() error {
	err := p.Client.Close()
	select {
	case <-p.done:
	case <-time.After(closing):
		err = errors.Join(err, errors.New("the process that looks up owners goes on"))
	}
	return err
}

// ServeParent answers the questions of the process that started this one, about the
// machine that open opens, and returns when that has ended, at whatever moment; it
// then has nothing to wait for.
func ServeParent(open func() (owner.Machine, error)) error {
	conn, gone, err := companion.Parent(companion.Stream, "sniffid-owners")
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		m, weaker := open()
		done <- Serve(conn, m, weaker)
	}()
	select {
	case err := <-done:
		return err
	case <-gone:
		return nil
	}
}
