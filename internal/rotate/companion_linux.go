package rotate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sniffid/sniffid/internal/companion"
	"github.com/sniffid/sniffid/internal/sandbox"
)

// A question is the number of a file and the time of its beginning in nanoseconds since
// the Unix epoch. The answer is an open file, or the reason why there is none.
const (
	questionSize = 16
	maxReason    = 4 << 10
)

// process asks another process for the files.
type process struct {
	conn  *os.File
	ended <-chan error
}

// Start starts this program again with the given arguments, name first, which have to
// lead to [ServeParent] with the same plan: that process opens the files, of that plan
// and no others. Stderr is for what it has to say.
func Start(args []string, stderr io.Writer) (Opener, error) {
	conn, ended, err := companion.Start(companion.Messages, args, stderr)
	if err != nil {
		return nil, fmt.Errorf("start the process that opens files: %w", err)
	}
	return &process{conn, ended}, nil
}

// Open implements [Opener].
func (p *process) Open(n uint64, at time.Time) (*os.File, error) {
	var q [questionSize]byte
	binary.BigEndian.PutUint64(q[:], n)
	binary.BigEndian.PutUint64(q[8:], uint64(at.UnixNano()))
	if _, err := p.conn.Write(q[:]); err != nil {
		return nil, p.gone(err)
	}
	reason := make([]byte, maxReason)
	control := make([]byte, unix.CmsgSpace(4))
	size, controlSize, err := p.receive(reason, control)
	switch {
	case err != nil:
		return nil, p.gone(err)
	case size > 1:
		return nil, errors.New(string(reason[1:size]))
	case size == 0 || controlSize == 0:
		return nil, p.gone(io.ErrUnexpectedEOF)
	}
	fd, err := descriptorIn(control[:controlSize])
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "packets"), nil
}

// receive waits for an answer.
func (p *process) receive(b, control []byte) (size, controlSize int, err error) {
	raw, err := p.conn.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	readErr := raw.Read(func(fd uintptr) bool {
		size, controlSize, _, _, err = unix.Recvmsg(int(fd), b, control, unix.MSG_CMSG_CLOEXEC)
		return !errors.Is(err, unix.EAGAIN)
	})
	return size, controlSize, errors.Join(readErr, err)
}

func descriptorIn(control []byte) (int, error) {
	list, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0, err
	}
	for i := range list {
		if fds, err := unix.ParseUnixRights(&list[i]); err == nil && len(fds) == 1 {
			return fds[0], nil
		}
	}
	return 0, errors.New("no file was sent")
}

// gone says why the other process does not answer.
func (p *process) gone(err error) error {
	select {
	case why := <-p.ended:
		err = why
	case <-time.After(100 * time.Millisecond):
	}
	return fmt.Errorf("the process that opens files does not answer: %w", err)
}

// Close ends the other process.
func (p *process) Close() error { return p.conn.Close() }

// ServeParent opens the files of a plan for the process that started this one, and
// returns when that has ended. It keeps itself to the plan's folder.
func ServeParent(plan *Plan) error {
	conn, _, err := companion.Parent(companion.Messages, "sniffid-files")
	if err != nil {
		return err
	}
	_, _ = time.Now().Zone() // reads the local zone's file
	sandbox.OnlyBelow(plan.folder())
	for {
		var q [questionSize]byte
		switch n, err := conn.Read(q[:]); {
		case errors.Is(err, io.EOF) || err == nil && n == 0:
			return nil
		case err != nil:
			return err
		case n != questionSize:
			return errors.New("that is no question")
		}
		at := time.Unix(0, int64(binary.BigEndian.Uint64(q[8:])))
		f, err := Here(plan).Open(binary.BigEndian.Uint64(q[:]), at)
		if err := answer(conn, f, err); err != nil {
			return err
		}
	}
}

// answer sends a file, or why there is none. The first byte makes that a message.
func answer(conn *os.File, f *os.File, why error) (err error) {
	text, rights := []byte{0}, []byte(nil)
	if why != nil {
		text = append(text, why.Error()[:min(len(why.Error()), maxReason-1)]...)
	} else {
		defer f.Close()
		rights = unix.UnixRights(int(f.Fd()))
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	writeErr := raw.Write(func(fd uintptr) bool {
		err = unix.Sendmsg(int(fd), text, rights, nil, 0)
		return !errors.Is(err, unix.EAGAIN)
	})
	return errors.Join(writeErr, err)
}
