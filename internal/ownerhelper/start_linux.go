package ownerhelper

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sniffid/sniffid/correlate/owner"
)

// ownProgram is this very program, whatever has become of its file meanwhile (proc(5)).
// A file's capabilities are given to it again.
const ownProgram = "/proc/self/exe"

// serverDescriptor is where the process that looks up finds its end of the socket pair.
const serverDescriptor = 3

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
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("start the process that looks up owners: %w", err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "owners")
	defer theirs.Close()
	if err := unix.SetNonblock(pair[0], true); err != nil {
		unix.Close(pair[0])
		return nil, fmt.Errorf("start the process that looks up owners: %w", err)
	}
	ours := os.NewFile(uintptr(pair[0]), "owners")
	cmd := &exec.Cmd{Path: ownProgram, Args: args, Dir: "/", Stderr: stderr, ExtraFiles: []*os.File{theirs}}
	if err := cmd.Start(); err != nil {
		ours.Close()
		return nil, fmt.Errorf("start the process that looks up owners: %w", err)
	}
	p := &Process{Client: NewClient(ours, ended), done: make(chan struct{})}
	go func() {
		err := cmd.Wait()
		if err == nil {
			err = errors.New("the process has ended")
		}
		p.Fail(err)
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
	// The parent decides when it ends, and asks until then: an interrupt from the
	// keyboard comes to both.
	signal.Ignore(unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGPIPE)
	if kind, err := unix.GetsockoptInt(serverDescriptor, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || kind != unix.SOCK_STREAM {
		return errors.New("this command is started by sniffid itself")
	}
	unix.CloseOnExec(serverDescriptor)
	// Its program has no name of its own; without this one it is harder to find.
	_ = os.WriteFile("/proc/self/comm", []byte("sniffid-owners"), 0)
	if err := unix.SetNonblock(serverDescriptor, true); err != nil {
		return err
	}
	conn := os.NewFile(serverDescriptor, "owners")
	done := make(chan error, 2)
	go func() {
		awaitHangup()
		done <- nil
	}()
	go func() {
		m, weaker := open()
		done <- Serve(conn, m, weaker)
	}()
	return <-done
}

// awaitHangup returns when the parent has ended, even while nobody reads.
func awaitHangup() {
	ends := []unix.PollFd{{Fd: serverDescriptor, Events: unix.POLLRDHUP}}
	for {
		if _, err := unix.Poll(ends, -1); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
