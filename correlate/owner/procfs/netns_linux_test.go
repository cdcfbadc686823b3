package procfs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

const mountText = `22 27 0:21 / /proc rw,nosuid shared:5 - proc proc rw
30 27 0:25 / /run rw,nosuid shared:12 - tmpfs tmpfs rw,mode=755
41 30 0:4 net:[4026532300] /run/netns/blue rw shared:190 master:2 - nsfs nsfs rw
42 30 0:4 net:[4026532300] /run/netns/blue rw shared:190 - nsfs nsfs rw
43 30 0:4 net:[4026532001] /run/docker/netns/5c0a rw - nsfs nsfs rw
44 30 0:4 mnt:[4026532444] /run/snapd/ns/x.mnt rw - nsfs nsfs rw
45 30 8:1 net:[4026532555] /tmp/file rw - ext4 /dev/sda1 rw
46 30 0:4 net:[4026532666] /run/user/1000/netns/a\040b\134 rw - nsfs nsfs rw
47 30 0:4 net:[4026532777]
`

func TestParseMounts(t *testing.T) {
	want := []BoundNamespace{{4026532300, "/run/netns/blue"}, {4026532001, "/run/docker/netns/5c0a"}, {4026532666, `/run/user/1000/netns/a b\`}}
	if diff := cmp.Diff(want, ParseMounts([]byte(mountText))); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseMounts(f *testing.F) {
	f.Add([]byte(mountText))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, b := range ParseMounts(text) {
			if b.Path == "" || len(b.Path) > len(text) {
				t.Errorf("%+v", b)
			}
		}
	})
}

func TestNetNamespaces(t *testing.T) {
	root := tree(t, map[string]string{
		"self/ns/net": "-> net:[4026531840]", "self/mountinfo": mountText,
		"1/ns/net":   "-> net:[4026531840]",
		"9/ns/net":   "-> net:[4026532300]",
		"10/ns/net":  "-> net:[4026532001]",
		"100/ns/net": "-> net:[4026532900]",
		"20/ns/net":  "-> net:[4026532900]",
		"21/stat":    "a zombie has none",
	})
	got, err := New(root).NetNamespaces(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := []NetNamespace{
		{4026531840, filepath.Join(root, "proc/1/ns/net"), 1, ""},
		{4026532001, "/run/docker/netns/5c0a", 10, "5c0a"},
		{4026532300, "/run/netns/blue", 9, "blue"},
		{4026532666, `/run/user/1000/netns/a b\`, 0, `a b\`},
		{4026532900, filepath.Join(root, "proc/20/ns/net"), 20, ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, err := New(root).NetNamespaces(stopped); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A namespace that a file keeps is found without a process.
func TestNetNamespacesLive(t *testing.T) {
	f := New("")
	file := filepath.Join(t.TempDir(), "kept one")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	made := make(chan error)
	var unshare func()
	unshare = func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			// What the first thread does, the process has done: leave it to another.
			done := make(chan struct{})
			go func() { defer close(done); unshare() }()
			<-done
			runtime.UnlockOSThread()
			return
		}
		// Locked for good: the thread ends with its namespace.
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			err = unix.Mount("/proc/thread-self/ns/net", file, "", unix.MS_BIND, "")
		}
		made <- err
	}
	go unshare()
	if err := <-made; err != nil {
		t.Skip(err)
	}
	defer func() {
		if err := unix.Unmount(file, 0); err != nil {
			t.Error(err)
		}
	}()
	list, err := f.NetNamespaces(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	if inode, _ := linkInode([]byte(own), "net:"); len(list) < 2 || list[0].Inode != inode {
		t.Errorf("%+v", list)
	}
	at := slices.IndexFunc(list, func(n NetNamespace) bool { return n.Name == "kept one" })
	if at < 0 || !strings.HasSuffix(list[at].Path, "/kept one") || list[at].PID != 0 {
		t.Fatalf("%+v", list)
	}
	if fd, err := os.Open(list[at].Path); err != nil {
		t.Error(err)
	} else {
		fd.Close()
	}
}
