package procfs

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// tree makes a process file system: files are paths below proc with their text,
// or, after "-> ", the target of a link.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, "proc", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, link := strings.CutPrefix(text, "-> "); link {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestProcess(t *testing.T) {
	f := New(tree(t, map[string]string{
		"812/stat":    sshdStat,
		"812/status":  "Name:\tsshd\nUid:\t0\t0\t0\t0\nNSpid:\t812\t5\n",
		"812/exe":     "-> /usr/sbin/sshd (deleted)",
		"812/ns/net":  "-> net:[4026531840]",
		"812/cgroup":  "0::/system.slice/ssh.service\n",
		"812/cmdline": "/usr/sbin/sshd\x00-D\x00\x00",
		"813/stat":    strings.Replace(sshdStat, "812 (sshd)", "813 (a (b) c)", 1),
		"813/status":  "Uid:\t1\t4000000000\t1\t1\n",
		"813/cmdline": "",
		"814/stat":    "nonsense",
		"814/status":  "",
		"815/cgroup":  "0::/\n",
	}))
	p, err := f.Process(812)
	if err != nil {
		t.Fatal(err)
	}
	if p.PID != 812 || p.PPID != 1 || p.Comm != "sshd" || p.Exe != "/usr/sbin/sshd" || !p.Deleted || p.User != "root" || p.Start != 1093 ||
		p.Cgroup != "0::/system.slice/ssh.service\n" || p.NetNS != 4026531840 || !slices.Equal(p.NSpid, []int{812, 5}) {
		t.Errorf("%+v", p)
	}
	if args, err := f.Args(812); err != nil || !slices.Equal(args, []string{"/usr/sbin/sshd", "-D"}) {
		t.Errorf("%q, %v", args, err)
	}
	// A kernel thread or a zombie: no executable, no namespace, no arguments.
	p, err = f.Process(813)
	if err != nil || p.Comm != "a (b) c" || p.Exe != "" || p.NetNS != 0 || p.UID != 4000000000 || p.User != "" || p.Cgroup != "" {
		t.Errorf("%+v, %v", p, err)
	}
	if args, err := f.Args(813); err != nil || args != nil {
		t.Errorf("%q, %v", args, err)
	}
	if parent, start, err := f.Parent(813); err != nil || start != 1093 || parent != 1 {
		t.Errorf("%d, %d, %v", start, parent, err)
	}
	if _, err := f.Process(814); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for _, pid := range []int{0, -1, 815, 816, 1<<31 - 1} {
		if _, err := f.Process(pid); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d: %v", pid, err)
		}
	}
}

func TestProcessLive(t *testing.T) {
	f := New("")
	p, err := f.Process(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if p.PPID != os.Getppid() || p.Exe != exe || p.UID != uint32(os.Geteuid()) || p.NetNS == 0 || p.Start == 0 || !slices.Contains(p.NSpid, os.Getpid()) {
		t.Errorf("%+v", p)
	}
	if args, err := f.Args(os.Getpid()); err != nil || !slices.Equal(args, os.Args) {
		t.Errorf("%q, %v", args, err)
	}
}

// A process that has ended is gone, whether it is waited for or not; a zombie is
// there and has nothing.
func TestProcessEnds(t *testing.T) {
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	f, pid := New("/"), cmd.Process.Pid
	folder, err := f.open(pid)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(folder)
	in.Close()
	for {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			t.Fatal(err)
		}
		if s, err := ParseStat(text); err != nil || s.State == 'Z' {
			break
		}
	}
	p, err := f.Process(pid)
	if err != nil || p.Exe != "" || p.Comm != "cat" || p.PPID != os.Getpid() {
		t.Errorf("zombie: %+v, %v", p, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Process(pid); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	scratch := make([]byte, 64)
	if _, err := f.stat(folder, &scratch); !errors.Is(processError(pid, err), fs.ErrNotExist) {
		t.Errorf("stat of a folder opened before: %v", err)
	}
}

func BenchmarkProcess(b *testing.B) {
	f := New("")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Process(os.Getpid()); err != nil {
			b.Fatal(err)
		}
	}
}
