package wintable

import (
	"encoding/binary"
	"errors"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// enumeration writes what EnumServicesStatusExW would at address base.
func enumeration(base uint64, pointer int, services ...Service) []byte {
	size := 44
	if pointer == Pointer64 {
		size = 56
	}
	b := make([]byte, len(services)*size)
	for i, s := range services {
		at := base + uint64(len(b))
		status := b[i*size+2*pointer:]
		if pointer == Pointer64 {
			binary.LittleEndian.PutUint64(b[i*size:], at)
		} else {
			binary.LittleEndian.PutUint32(b[i*size:], uint32(at))
		}
		state := uint32(4) // SERVICE_RUNNING
		if s.Stopping {
			state = 3
		}
		binary.LittleEndian.PutUint32(status[4:], state)
		binary.LittleEndian.PutUint32(status[28:], uint32(s.PID))
		for _, unit := range utf16.Encode([]rune(s.Name + "\x00")) {
			b = binary.LittleEndian.AppendUint16(b, unit)
		}
	}
	return b
}

func TestServices(t *testing.T) {
	want := []Service{{Name: "Dnscache", PID: 1200}, {Name: "Dhcp", PID: 1200}, {Name: "W32Time", PID: 0}, {Name: "Prüfdienst 𝄞", PID: 1300, Stopping: true}}
	for pointer, base := range map[int]uint64{Pointer32: 0x7f000000, Pointer64: 0xc000123450} {
		got, err := Services(enumeration(base, pointer, want...), base, len(want), pointer)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("pointers of %d bytes: %v\n%s", pointer, err, d)
		}
		if got, err := Services(nil, 0, 0, pointer); len(got) != 0 || err != nil {
			t.Errorf("no services: %v, %v", got, err)
		}
	}
}

func TestServicesMalformed(t *testing.T) {
	const base = 0x10000
	b := enumeration(base, Pointer64, Service{Name: "RpcSs", PID: 1})
	for name, call := range map[string]func() ([]Service, error){
		"more than fit":        func() ([]Service, error) { return Services(b, base, 2, Pointer64) },
		"a negative count":     func() ([]Service, error) { return Services(b, base, -1, Pointer64) },
		"name before":          func() ([]Service, error) { return Services(b, base+0x1000, 1, Pointer64) },
		"name behind":          func() ([]Service, error) { return Services(b, base-0x1000, 1, Pointer64) },
		"pointers of 16 bytes": func() ([]Service, error) { return Services(b, base, 1, 16) },
	} {
		if got, err := call(); !errors.Is(err, ErrMalformed) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	// A name that the buffer cuts ends there.
	got, err := Services(b[:56+3], base, 1, Pointer64)
	if err != nil || got[0].Name != "R" {
		t.Errorf("cut name: %v, %v", got, err)
	}
}

func TestHostsOf(t *testing.T) {
	hosts := NewHosts([]Service{{Name: "Netman", PID: 900}, {Name: "Dnscache", PID: 900}, {Name: "Dnscache", PID: 900}, {Name: "Spooler", PID: 700}, {Name: "W32Time", PID: 0}, {Name: "", PID: 5}})
	named := func(pid int, tag uint32) string {
		if pid == 900 && tag == 7 {
			return "Dnscache"
		}
		return ""
	}
	module := func(r *Row) string { return map[uint32]string{9: "netman", 10: "ntdll.dll"}[r.Tag] }
	tests := []struct {
		name string
		row  Row
		want []string
	}{
		{"by tag", Row{PID: 900, Tag: 7}, []string{"Dnscache"}},
		{"the system does not know the tag", Row{PID: 900, Tag: 8}, []string{"Dnscache", "Netman"}},
		{"by module", Row{PID: 900, Tag: 9}, []string{"Netman"}},
		{"a module that is no service", Row{PID: 900, Tag: 10}, []string{"Dnscache", "Netman"}},
		{"several, no tag", Row{PID: 900}, []string{"Dnscache", "Netman"}},
		{"the only one", Row{PID: 700}, []string{"Spooler"}},
		{"no service", Row{PID: 5}, nil},
		{"nobody", Row{Tag: 7}, nil},
	}
	for _, tt := range tests {
		if d := cmp.Diff(tt.want, hosts.Of(&tt.row, named, module)); d != "" {
			t.Errorf("%s:\n%s", tt.name, d)
		}
	}
	if got := hosts.Of(&Row{PID: 900, Tag: 7}, nil, nil); len(got) != 2 {
		t.Errorf("nobody to ask: %v", got)
	}
}

func FuzzServices(f *testing.F) {
	f.Add(enumeration(0x1000, Pointer64, Service{Name: "RpcSs", PID: 1}, Service{Name: "Dhcp", PID: 2}), uint64(0x1000), 2, true)
	f.Add(enumeration(0x1000, Pointer32, Service{Name: "RpcSs", PID: 1}), uint64(0x1000), 1, false)
	f.Fuzz(func(t *testing.T, b []byte, base uint64, count int, wide bool) {
		pointer := Pointer32
		if wide {
			pointer = Pointer64
		}
		services, err := Services(b, base, count, pointer)
		if err != nil {
			if !errors.Is(err, ErrMalformed) || services != nil {
				t.Fatalf("%v, %v", services, err)
			}
			return
		}
		if len(services) != count {
			t.Fatalf("%d services of %d", len(services), count)
		}
		for _, s := range services {
			if !utf8.ValidString(s.Name) || utf8.RuneCountInString(s.Name) > maxServiceName || s.PID < 0 {
				t.Fatalf("%q, %d", s.Name, s.PID)
			}
		}
	})
}
