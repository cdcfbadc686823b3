package companion

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

// ownProgram is this very program, whatever has become of its file meanwhile (proc(5)).
// A file's capabilities are given to it again.
const ownProgram = "/proc/self/exe"

// descriptor is where a companion finds its end of the socket pair.
const descriptor = 3

// Kind is the type of a socket pair.
type Kind int

// The kinds: bytes in order, or messages in order (socket(2)).
//
// Reading a stream blocks a thread, for who asks there has nothing else to do until the
// answer comes: Go's poller would cost more than the question. Messages can be waited for
// along with other things.
const (
	Stream   Kind = unix.SOCK_STREAM
	Messages Kind = unix.SOCK_SEQPACKET
)

// patience is how long this side of a stream waits for the other. To read the tables of a
// large machine takes seconds at most.
const patience = 30 * time.Second

// Start starts this program again with the given arguments, name first, which have to
// lead to [Parent]. Stderr is for what it has to say. It returns this side's end of the
// socket pair, the caller's to close, and a channel that has the reason when the
// companion has ended.
func Start(kind Kind, args []string, stderr io.Writer) (*os.File, <-chan error, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, int(kind)|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	theirs := os.NewFile(uintptr(pair[1]), args[1])
	defer theirs.Close()
	if err := wait(pair[0], kind, patience); err != nil {
		unix.Close(pair[0])
		return nil, nil, err
	}
	ours := os.NewFile(uintptr(pair[0]), args[1])
	cmd := &exec.Cmd{Path: ownProgram, Args: args, Dir: "/", Stderr: stderr, ExtraFiles: []*os.File{theirs}}
	if err := cmd.Start(); err != nil {
		ours.Close()
		return nil, nil, err
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		if err == nil {
			err = errors.New("the process has ended")
		}
		ended <- err
	}()
	return ours, ended, nil
}

// wait says how one end waits for the other; where it blocks, for so long, or forever (0).
func wait(fd int, kind Kind, limit time.Duration) error {
	if kind == Messages {
		return unix.SetNonblock(fd, true)
	}
	timeout := unix.NsecToTimeval(limit.Nanoseconds())
	return errors.Join(
		unix.SetNonblock(fd, false),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &timeout),
	)
}

// Parent is for a companion: its end of the socket pair, and a channel that is closed
// when the process that started it has ended. Name is what the process is called from
// then on.
func Parent(kind Kind, name string) (*os.File, <-chan struct{}, error) {
	// The parent decides when it ends, and asks until then: an interrupt from the
	// keyboard comes to both.
	signal.Ignore(unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGPIPE)
	if is, err := unix.GetsockoptInt(descriptor, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || is != int(kind) {
		return nil, nil, errors.New("this command is started by sniffid itself")
	}
	unix.CloseOnExec(descriptor)
	// Its program has no name of its own; without this one it is harder to find.
	_ = os.WriteFile("/proc/self/comm", []byte(name), 0)
	if err := wait(descriptor, kind, 0); err != nil {
		return nil, nil, fmt.Errorf("socket pair: %w", err)
	}
	gone := make(chan struct{})
	go func() {
		awaitHangup()
		close(gone)
	}()
	return os.NewFile(descriptor, name), gone, nil
}

// awaitHangup returns when the parent has ended, even while nobody reads.
func awaitHangup() {
	ends := []unix.PollFd{{Fd: descriptor, Events: unix.POLLRDHUP}}
	for {
		if _, err := unix.Poll(ends, -1); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
