// Command mutants reads damaged captures: those in the folders given, with bits flipped,
// lengths changed, cut, packets doubled and spliced in from other captures. Nothing may
// panic, take long, take much memory, or give another answer the second time.
//
//	mutants [flags] DIR...
//
// Which mutants there are follows from the seed alone. One that fails is written to a
// file, with the flags that make it again; the status is 1 then.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the flags.
type options struct {
	count  int
	seed   uint64
	only   int
	save   string
	limits limits
}

// limits are what a mutant may take.
type limits struct {
	time   time.Duration
	memory uint64 // bytes, of the whole process
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	f := flag.NewFlagSet("mutants", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.count, "n", 100_000, "how many mutants")
	f.Uint64Var(&o.seed, "seed", 1, "what they are made from")
	f.IntVar(&o.only, "only", -1, "make this one alone")
	f.StringVar(&o.save, "save", os.TempDir(), "folder for mutants that fail")
	f.DurationVar(&o.limits.time, "time", time.Second, "how long one may take")
	memory := f.Uint64("memory", 256, "how much memory the process may take, in MiB")
	if err := f.Parse(args); err != nil {
		return 2
	}
	if f.NArg() == 0 {
		fmt.Fprintln(stderr, "mutants: name folders with captures")
		return 2
	}
	o.limits.memory = *memory << 20
	e, err := newExperiment(&o, f.Args(), stdout)
	if err == nil {
		err = e.run(ctx)
	}
	switch {
	case errors.Is(err, errFailed):
		return 1
	case err != nil:
		fmt.Fprintln(stderr, "mutants:", err)
		return 2
	}
	return 0
}
