// Package cli is the command line of sniffid: flags, subcommands, exit
// statuses. Results go to standard output, all else to standard error.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/internal/report"
	"github.com/sniffid/sniffid/internal/sandbox"
)

// The exit statuses.
const (
	exitOK           = 0 // done, and nothing that was asked is contradicted
	exitContradicted = 1 // what was asked about is a mismatch or a phantom, or --expect is not met
	exitUsage        = 2 // the command line makes no sense
	exitCannot       = 3 // cannot capture or read
	exitNoPayload    = 4 // --port or --expect was asked, and no payload was seen
)

// statusError is an error that has an exit status of its own.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

// usageError says that the command line makes no sense.
func usageError(format string, args ...any) error {
	return &statusError{exitUsage, fmt.Errorf(format, args...)}
}

// cannot says that capturing or reading is not possible.
func cannot(err error) error { return &statusError{exitCannot, err} }

// environment is what a command has around it.
type environment struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	log            *slog.Logger
	level          slog.LevelVar
	// owners opens the socket table that "sniffid ports" lists.
	owners func(owner.Config) owner.Machine
	// settle reads what else runs beside it.
	settle func(*owner.Reading, context.Context)
	// confine readies the sandbox that packets are parsed in; nil: there is none.
	confine func(sandbox.Config) (*sandbox.Sandbox, error)
	// elevate says how to see what this user may not, "run as root"; "" where
	// the user may do everything already.
	elevate string
	// status is the exit status of a command that has done its work.
	status int
}

// Run executes a command line, without the program's name, and returns its exit
// status. Where the command parses packets, the process has lost its privileges for
// good afterwards. The first interrupt ends a capture in good order, the second one ends
// the process.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	env := newEnvironment(stdin, stdout, stderr)
	env.confine = sandbox.Prepare
	return env.run(args)
}

// newEnvironment is that of this machine, without a sandbox: there is no way out of
// one.
func newEnvironment(stdin io.Reader, stdout, stderr io.Writer) *environment {
	return &environment{stdin: stdin, stdout: stdout, stderr: stderr, owners: openOwners, settle: (*owner.Reading).Settle, elevate: elevation()}
}

// openOwners is the socket table of this machine. To a listing it makes no
// difference if a better source could not be had.
func openOwners(c owner.Config) owner.Machine {
	source, _ := owner.Open(c)
	return source
}

// run executes a command line in an environment.
func (env *environment) run(args []string) int {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 { // GOMEMLIMIT says nothing else
		debug.SetMemoryLimit(memoryLimit)
	}
	env.level.Set(slog.LevelWarn)
	env.log = slog.New(slog.NewTextHandler(env.stderr, &slog.HandlerOptions{Level: &env.level, ReplaceAttr: withoutTime}))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	// A reader that goes away is seen as an error of the write, not as the
	// death of this process, so that a file being written is completed.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)

	root := newRoot(env)
	root.SetArgs(args)
	root.SetIn(env.stdin)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE):
		return env.status
	case errors.Is(err, errReported):
		return exitCannot
	}
	fmt.Fprintf(env.stderr, "sniffid: %s\n", report.Clean(err.Error()))
	var s *statusError
	if errors.As(err, &s) {
		if s.status == exitUsage {
			fmt.Fprintln(env.stderr, `Try "sniffid --help".`)
		}
		return s.status
	}
	return exitCannot
}

// memoryLimit is how many bytes are taken before garbage is collected more eagerly than
// usual. A table full of flows is half of that.
const memoryLimit = 900 << 20

// errReported says that what went wrong was said already.
var errReported = errors.New("already reported")

// withoutTime leaves out the time of a log line: it is read as it appears.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// verbosity sets what is logged: warnings, with -v all that is done, with -q
// errors only.
func (env *environment) verbosity(verbose int, quiet bool) {
	switch {
	case quiet:
		env.level.Set(slog.LevelError)
	case verbose == 1:
		env.level.Set(slog.LevelInfo)
	case verbose > 1:
		env.level.Set(slog.LevelDebug)
	}
}
