package livetest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// folder is a scenario's own: settings, state and logs. Servers that give up
// root can read it.
type folder string

func newFolder(t *testing.T) folder {
	t.Helper()
	dir, err := os.MkdirTemp("", "sniffid-live-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder(dir)
}

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

func (f folder) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(f.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.path(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// logs returns the ends of all logs, to tell what went wrong.
func (f folder) logs() string {
	const most = 3000 // bytes of each
	var out strings.Builder
	names, _ := fs.Glob(os.DirFS(string(f)), "*.log")
	for _, name := range names {
		b, err := os.ReadFile(f.path(name))
		if err != nil || len(b) == 0 {
			continue
		}
		fmt.Fprintf(&out, "--- %s\n%s\n", name, b[max(0, len(b)-most):])
	}
	return out.String()
}

// process is a process of the test's own.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	// When and how it ended; for reading after done.
	ended time.Time
	err   error
}

// start starts cmd in n. It does not outlive the test: its end comes with the
// end of ctx, of the namespace or of this very process.
func (n *namespace) start(ctx context.Context, t *testing.T, cmd *exec.Cmd, attr syscall.SysProcAttr) *process {
	t.Helper()
	attr.Pdeathsig = syscall.SIGKILL
	attr.Setpgid = true // an interrupt at the terminal is for the test
	cmd.SysProcAttr = &attr
	p := &process{cmd: cmd, done: make(chan struct{})}
	var err error
	n.do(func() { err = cmd.Start() })
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		p.err = cmd.Wait()
		p.ended = time.Now()
	}()
	context.AfterFunc(ctx, func() { p.kill() })
	t.Cleanup(func() {
		p.kill()
		<-p.done
	})
	return p
}

// kill ends the process, and all of a room whose first process it is.
func (p *process) kill() { _ = p.cmd.Process.Kill() }

// wait reports whether the process ends within d.
func (p *process) wait(d time.Duration) bool {
	select {
	case <-p.done:
		return true
	case <-time.After(d):
		return false
	}
}

// room are the namespaces of a room, beside that of the network.
const room = unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC

// roomScript makes the inside of a room: a host name, its own processes, an
// empty /run, a hosts file and nobody to ask for names. The shell stays, as the
// room's first process and the parent of orphans.
const roomScript = `mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
mount --bind "$DIR/hosts" /etc/hosts
mount --bind "$DIR/resolv.conf" /etc/resolv.conf
hostname "$0"
sh -euc "$1" || exit "$?"`

// enter starts a shell script in a room of its own: whatever daemons it leaves
// end with it. Its output goes to name.log.
func (n *namespace) enter(ctx context.Context, t *testing.T, dir folder, name, script string, env []string) *process {
	t.Helper()
	log, err := os.OpenFile(dir.path(name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("sh", "-euc", roomScript, name, script)
	cmd.Dir, cmd.Env = string(dir), env
	cmd.Stdout, cmd.Stderr = log, log
	return n.start(ctx, t, cmd, syscall.SysProcAttr{Cloneflags: room})
}

// eventually repeats f until it is true or ctx is done.
func eventually(ctx context.Context, f func() bool) bool {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}
