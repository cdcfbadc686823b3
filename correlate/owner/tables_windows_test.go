package owner

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// wine reports whether this is not really Windows.
func wine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}

// A connection of this test's own is found, at both ends. Wine 8 knows only who
// has the dialling end, and that only of IPv4.
func TestWindowsTable(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
			if err != nil {
				t.Skip(err)
			}
			defer l.Close()
			go func() {
				c, err := l.Accept()
				if err == nil {
					_, _ = io.Copy(c, c)
					c.Close()
				}
			}()
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, "hello"); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(c, make([]byte, 5)); err != nil {
				t.Fatal(err)
			}
			table := New(Config{Modules: true})
			local, remote := c.LocalAddr().(*net.TCPAddr).AddrPort(), c.RemoteAddr().(*net.TCPAddr).AddrPort()
			o := table.Lookup(Query{Transport: "tcp", Local: local, Remote: remote})
			if !slices.ContainsFunc(table.Snapshot(), func(s Socket) bool {
				return s.Local == local && s.Remote == remote && s.State == "ESTABLISHED"
			}) {
				t.Error("the dialling end has no row")
			}
			if local.Addr().Is6() && wine() {
				return
			}
			if o.PID != os.Getpid() || o.Quality != Snapshot || !strings.HasSuffix(o.Name, ".exe") || len(o.Services) != 0 {
				t.Errorf("the dialling end: %+v", o)
			}
			if !slices.ContainsFunc(o.Modules, func(m string) bool { return strings.EqualFold(filepath.Base(m), "kernel32.dll") }) {
				t.Errorf("modules %q", o.Modules)
			}
			o = table.Lookup(Query{Transport: "tcp", Local: remote, Remote: local})
			if o.PID != os.Getpid() && !wine() {
				t.Errorf("the accepting end: %+v", o)
			}
		})
	}
}

// The tables are there in both classes, and for both families.
func TestWindowsRowsLive(t *testing.T) {
	rows, err := newIphlpapi().rows()
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]int{}
	for i := range rows {
		states[rows[i].Transport+" "+rows[i].State]++
	}
	t.Logf("%v", states)
	if states["tcp LISTENING"] == 0 && !wine() {
		t.Error("nobody listens")
	}
}

func TestReadServices(t *testing.T) {
	services, err := readServices()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", services)
	running := 0
	for _, s := range services {
		if s.PID != 0 {
			running++
		}
	}
	if running == 0 {
		t.Errorf("no service runs among %d", len(services))
	}
}

// A tag that nobody gave has no name, whether the system knows the question or
// not.
func TestTagName(t *testing.T) {
	if name := newTags().name(os.Getpid(), 0x7fffffff); name != "" {
		t.Errorf("tag named %q", name)
	}
}

func BenchmarkWindowsRead(b *testing.B) {
	read := newReader(Config{})
	for b.Loop() {
		if _, err := read(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
