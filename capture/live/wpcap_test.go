package live

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// heap is a piece of memory in which tests build structures; addresses start at
// heapBase.
type heap struct{ b []byte }

const heapBase = 0x10000

func (h *heap) put(b []byte) uint64 {
	at := heapBase + len(h.b)
	h.b = append(h.b, b...)
	return uint64(at)
}

// read implements memory; reading outside the heap panics, as it would crash.
func (h *heap) read(at uint64, n int) []byte {
	return h.b[at-heapBase : at-heapBase+uint64(n)]
}

// pointers builds a structure of pointers.
func (l layout) pointers(addresses ...uint64) []byte {
	var b []byte
	for _, a := range addresses {
		if l.pointer == 4 {
			b = binary.LittleEndian.AppendUint32(b, uint32(a))
		} else {
			b = binary.LittleEndian.AppendUint64(b, a)
		}
	}
	return b
}

func TestWindowsDevices(t *testing.T) {
	for _, l := range []layout{{4}, {8}} {
		var h heap
		text := func(s string) uint64 { return h.put(append([]byte(s), 0)) }
		v4 := h.put([]byte{2, 0, 0, 0, 192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 0, 0})
		v6 := h.put(append(append([]byte{23, 0, 0, 0, 0, 0, 0, 0}, netip.MustParseAddr("fe80::1").AsSlice()...), 5, 0, 0, 0))
		other := h.put([]byte{99, 0})
		a3 := h.put(l.pointers(0, v6, 0, 0, 0))
		a2 := h.put(l.pointers(a3, other, 0, 0, 0))
		a1 := h.put(l.pointers(a2, 0, 0, 0, 0))
		a0 := h.put(l.pointers(a1, v4, 0, 0, 0))
		loopback := h.put(append(l.pointers(0, text(`\Device\NPF_Loopback`), 0, 0), 7, 0, 0, 0))
		first := h.put(append(l.pointers(loopback, text(`\Device\NPF_{1}`), text("Ethernet adapter"), a0), 2, 0, 0, 0))
		want := []Device{
			{Name: `\Device\NPF_{1}`, Description: "Ethernet adapter", Up: true, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("fe80::1")}},
			{Name: `\Device\NPF_Loopback`, Up: true, Loopback: true},
		}
		if d := cmp.Diff(want, l.devices(first, h.read), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
			t.Errorf("%d-byte pointers (-want +got):\n%s", l.pointer, d)
		}
		if got := l.devices(0, h.read); got != nil {
			t.Errorf("empty list: %+v", got)
		}
	}
}

// TestWindowsListsAreBounded: a list that leads back to itself ends.
func TestWindowsListsAreBounded(t *testing.T) {
	l := layout{8}
	var h heap
	long := h.put([]byte(strings.Repeat("x", 2*maxText)))
	family := h.put([]byte{99, 0})
	address := h.put(l.pointers(heapBase+uint64(len(h.b)), family))
	device := h.put(append(l.pointers(heapBase+uint64(len(h.b)), long, 0, address), 0, 0, 0, 0))
	got := l.devices(device, h.read)
	if len(got) != maxDevices || len(got[0].Name) != maxText || got[0].Addresses != nil {
		t.Errorf("%d devices", len(got))
	}
}

func TestWindowsPacketHeader(t *testing.T) {
	timestamp, captured, length := packetHeader([]byte{10, 0, 0, 0, 7, 0, 0, 0, 3, 0, 0, 0, 0, 1, 0, 0})
	if timestamp != 10_000_007_000 || captured != 3 || length != 256 {
		t.Errorf("got %d, %d, %d", timestamp, captured, length)
	}
}

func TestWindowsInstructions(t *testing.T) {
	got := instructions([]byte{0x28, 0, 0, 0, 12, 0, 0, 0, 0x15, 0, 1, 2, 0, 8, 0, 0})
	want := []instruction{{code: 0x28, k: 12}, {code: 0x15, jt: 1, jf: 2, k: 0x800}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(instruction{})); d != "" {
		t.Error(d)
	}
}

func TestErrorText(t *testing.T) {
	for in, want := range map[string]string{"": "", "full": "full", "cut\x00rest": "cut"} {
		if got := errorText([]byte(in)); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestResolve(t *testing.T) {
	devices := []Device{{Name: `\Device\NPF_{1}`, Description: "Ethernet"}, {Name: `\Device\NPF_{2}`, Description: "Wi-Fi"}, {Name: "1"}}
	for name, want := range map[string]string{
		`\Device\NPF_{2}`: `\Device\NPF_{2}`, "Wi-Fi": `\Device\NPF_{2}`, "2": `\Device\NPF_{2}`, "1": "1",
		"0": "", "4": "", "-1": "", "": "", "eth0": "",
	} {
		if got, ok := resolve(name, devices); got != want && (ok || want != "") {
			t.Errorf("%q: %q", name, got)
		}
	}
}
