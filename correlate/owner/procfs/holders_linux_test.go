package procfs

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// held is a made-up file system in which pid 1 has no sockets, the others those
// of sockets, from descriptor 3 on.
func held(t testing.TB, sockets map[int][]int) map[string]string {
	t.Helper()
	files := map[string]string{
		"self/ns/pid": "-> pid:[4026531836]", "loadavg": "0.00 0.01 0.05 1/99 20\n",
		"1/fd/0": "-> /dev/null", "1/stat": "1 (init) S 0" + sshdStat[len("812 (sshd) S 1"):], "meminfo": "",
	}
	for pid, inodes := range sockets {
		folder := strconv.Itoa(pid)
		files[folder+"/stat"] = folder + sshdStat[len("812"):]
		files[folder+"/fd/0"] = "-> /dev/null"
		for i, inode := range inodes {
			files[folder+"/fd/"+strconv.Itoa(i+3)] = "-> socket:[" + strconv.Itoa(inode) + "]"
		}
	}
	return files
}

// link points a descriptor elsewhere; "" closes it.
func link(t *testing.T, root string, pid, fd int, target string) {
	t.Helper()
	path := filepath.Join(root, "proc", strconv.Itoa(pid), "fd", strconv.Itoa(fd))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if target != "" {
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
	}
}

func check(t *testing.T, h *Holders, inode uint64, want ...int) {
	t.Helper()
	if got := h.PIDs(inode); !slices.Equal(got, want) {
		t.Errorf("socket %d is held by %v, want %v", inode, got, want)
	}
}

func TestScan(t *testing.T) {
	ctx := context.Background()
	files := held(t, map[int][]int{10: {100, 101, 100}, 11: {101, 102}})
	root := tree(t, files)
	h := NewHolders(New(root))
	if err := h.Scan(ctx); err != nil {
		t.Fatal(err)
	}
	check(t, h, 100, 10) // dup(2) makes no second holder
	check(t, h, 101, 10, 11)
	check(t, h, 102, 11)
	check(t, h, 0)
	check(t, h, 103)
	if c := h.Coverage(); !c.Complete() || h.Len() != 3 {
		t.Errorf("%+v, %d sockets", c, h.Len())
	}

	link(t, root, 10, 3, "socket:[200]")
	link(t, root, 10, 5, "")
	link(t, root, 11, 3, "pipe:[101]")
	if err := os.RemoveAll(filepath.Join(root, "proc/1")); err != nil {
		t.Fatal(err)
	}
	if err := h.Scan(ctx); err != nil {
		t.Fatal(err)
	}
	check(t, h, 100)
	check(t, h, 101, 10)
	check(t, h, 200, 10)
	if c := h.Coverage(); !c.Hidden || c.Complete() {
		t.Errorf("without process 1: %+v", c)
	}

	if err := os.RemoveAll(filepath.Join(root, "proc/10")); err != nil {
		t.Fatal(err)
	}
	if err := h.Scan(ctx); err != nil {
		t.Fatal(err)
	}
	check(t, h, 200)
	check(t, h, 102, 11)

	stopped, stop := context.WithCancel(ctx)
	stop()
	if err := h.Scan(stopped); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := NewHolders(New(t.TempDir())).Scan(ctx); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestFind(t *testing.T) {
	ctx := context.Background()
	root := tree(t, held(t, map[int][]int{10: {100, 101}, 20: {102}, 30: {103}}))
	h := NewHolders(New(root))
	find := func(inode uint64, left int, alive ...uint64) {
		t.Helper()
		n, err := h.Find(ctx, []uint64{inode, 0}, func(inode uint64) bool { return slices.Contains(alive, inode) })
		if err != nil || n != left {
			t.Fatalf("%d left, %v", n, err)
		}
	}
	// The last number given was 20: 30 is older than 10.
	find(101, 0)
	check(t, h, 101, 10)
	check(t, h, 102, 20) // on the way
	check(t, h, 103)     // not looked at
	find(103, 0)
	check(t, h, 103, 30)

	// A new descriptor is found without reading those that live.
	alive := []uint64{100, 101, 102, 103}
	link(t, root, 10, 9, "socket:[109]")
	link(t, root, 20, 3, "socket:[900]")
	find(109, 0, alive...)
	check(t, h, 109, 10)
	check(t, h, 102, 20)
	// A number that passed to another socket: the old socket is dead.
	find(900, 0, 100, 101, 103, 109)
	check(t, h, 900, 20)
	check(t, h, 102)
	// And although the old socket lives.
	link(t, root, 30, 3, "socket:[901]")
	find(901, 0, 100, 101, 103, 109, 900)
	check(t, h, 901, 30)
	// Nobody's.
	find(777, 1)
	check(t, h, 777)

	// A number that passed to another process.
	if err := os.Rename(filepath.Join(root, "proc/30"), filepath.Join(root, "old")); err != nil {
		t.Fatal(err)
	}
	link(t, root, 30, 3, "socket:[500]")
	find(500, 0, 901)
	check(t, h, 500, 30)
	check(t, h, 901)
	if n, err := h.Find(ctx, nil, nil); n != 0 || err != nil {
		t.Error(n, err)
	}
}

// A child's socket is its parent's too, where that has it.
func TestFindAncestors(t *testing.T) {
	files := held(t, map[int][]int{10: {100}, 12: {7, 100}, 20: {100}})
	files["20/stat"] = "20 (child) S 12" + sshdStat[len("812 (sshd) S 1"):]
	files["12/stat"] = "12 (shell) S 10" + sshdStat[len("812 (sshd) S 1"):]
	h := NewHolders(New(tree(t, files)))
	if n, err := h.Find(context.Background(), []uint64{100}, nil); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	check(t, h, 100, 10, 12, 20)
}

// Where the first thread has ended, another has the descriptors.
func TestLeaderless(t *testing.T) {
	files := held(t, map[int][]int{10: {100}})
	delete(files, "10/fd/0")
	delete(files, "10/fd/3")
	files["10/fd/x"] = "no descriptor"
	files["10/task/10/fd/x"] = ""
	files["10/task/11/fd/3"] = "-> socket:[100]"
	root := tree(t, files)
	h := NewHolders(New(root))
	if err := h.Scan(context.Background()); err != nil {
		t.Fatal(err)
	}
	check(t, h, 100) // 10 lives and has none
	stat := "10 (sshd) Z 1 812 812 0 -1 4194560 1462 21 39 1 2 1 0 0 20 0 2 0 1093"
	if err := os.WriteFile(filepath.Join(root, "proc/10/stat"), []byte(stat), 0o644); err != nil {
		t.Fatal(err)
	}
	if n, err := h.Find(context.Background(), []uint64{100}, nil); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	check(t, h, 100, 10)
	if n, err := h.Find(context.Background(), []uint64{101}, nil); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	check(t, h, 100, 10)
}
