//go:build linux

package ownertest

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// kernelState is what programs may leave behind in the kernel.
type kernelState struct {
	programs, links, maps []uint32
	mounts                string
}

func readKernel(t *testing.T) kernelState {
	t.Helper()
	var s kernelState
	for id := ebpf.ProgramID(0); ; {
		next, err := ebpf.ProgramGetNextID(id)
		if errors.Is(err, os.ErrNotExist) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		id = next
		s.programs = append(s.programs, uint32(id))
	}
	for id := ebpf.MapID(0); ; {
		next, err := ebpf.MapGetNextID(id)
		if errors.Is(err, os.ErrNotExist) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		id = next
		s.maps = append(s.maps, uint32(id))
	}
	s.links = readLinks(t)
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	s.mounts = string(mounts)
	return s
}

// readLinks lists the links, again when one of them is going at that moment.
func readLinks(t *testing.T) []uint32 {
	t.Helper()
	for {
		var ids []uint32
		links := new(link.Iterator)
		for links.Next() {
			ids = append(ids, uint32(links.ID))
		}
		err := links.Err()
		links.Close()
		switch {
		case err == nil:
			return ids
		case !errors.Is(err, unix.EAGAIN):
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *kernelState) same(o *kernelState) bool {
	return slices.Equal(s.programs, o.programs) && slices.Equal(s.links, o.links) && slices.Equal(s.maps, o.maps) && s.mounts == o.mounts
}

// However sniffid ends, at whatever moment, the kernel is as it was: no BPF
// program, link or map, and no mount.
func TestLeavesNothing(t *testing.T) {
	asked(t)
	if withoutBPF() {
		t.Skip("there is nothing that could be left")
	}
	// What others have left goes a little later, too.
	before := readKernel(t)
	for again := before; ; before = again {
		time.Sleep(500 * time.Millisecond)
		if again = readKernel(t); again.same(&before) {
			break
		}
	}
	loaded := false
	for i := range 24 {
		cmd := sniffid(t, "-i", "lo", "-q")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() }) // when a reading fails below
		time.Sleep(time.Duration(i) * 25 * time.Millisecond)
		during := readKernel(t)
		loaded = loaded || len(during.links) > len(before.links)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		// The kernel frees programs a little later.
		var after kernelState
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			if after = readKernel(t); after.same(&before) {
				break
			}
		}
		if !after.same(&before) {
			t.Fatalf("killed after %d ms: %d programs, %d links, %d maps more than before; mounts the same: %v", i*25,
				len(after.programs)-len(before.programs), len(after.links)-len(before.links), len(after.maps)-len(before.maps), after.mounts == before.mounts)
		}
	}
	if !loaded {
		t.Error("sniffid was never seen with BPF programs")
	}
}
