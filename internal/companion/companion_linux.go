package companion

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"

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
const (
	Stream   Kind = unix.SOCK_STREAM
	Messages Kind = unix.SOCK_SEQPACKET
)

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
	if err := unix.SetNonblock(pair[0], true); err != nil {
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
	if err := unix.SetNonblock(descriptor, true); err != nil {
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
