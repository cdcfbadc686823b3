package registry

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestNames(t *testing.T) {
	const file = "web 80/tcp http www # comment\r\nHTTP 80/tcp\n\nmine 50000/tcp\nmine 2889/TCP\n"
	r, err := New(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		transport string
		port      uint16
		want      []string
	}{
		{"tcp", 80, []string{"web", "HTTP"}},
		{"udp", 80, []string{"http"}},
		{"sctp", 80, []string{"http"}},
		{"tcp", 2888, []string{"spcsdlobby"}},
		{"tcp", 2889, []string{"mine", "rsom"}},
		{"tcp", 139, []string{"netbios-ssn"}},
		{"TCP", 445, []string{"microsoft-ds"}},
		{"tcp", 6063, []string{"x11"}},
		{"tcp", 6667, []string{"ircu"}},
		{"dccp", 6514, []string{"syslog-tls"}},
		{"tcp", 1, []string{"tcpmux"}},
		{"udp", 49001, []string{"nusdp-disc"}},
		{"tcp", 50000, nil},
		{"tcp", 65535, nil},
		{"tcp", 0, nil},
		{"icmp", 80, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, r.Names(tt.transport, tt.port)); diff != "" {
			t.Errorf("Names(%s, %d) (-want +got):\n%s", tt.transport, tt.port, diff)
		}
	}
}

// Each row of the list is found.
func TestNamesHaveAllRows(t *testing.T) {
	r, _ := New(nil)
	rows := 0
	for line := range strings.Lines(iana) {
		transport, port, name := assignment(strings.TrimSuffix(line, "\n"))
		if rows++; rows == 1 {
			continue // the names of the columns
		}
		if names := r.Names(transport, port); port < FirstDynamic && !slices.Contains(names, name) {
			t.Errorf("%q: got %q", line, names)
		}
	}
	if rows < 11000 {
		t.Errorf("%d rows", rows)
	}
}

// The list is in its order, and has one port and one name a line.
func TestListIsInOrder(t *testing.T) {
	_, rest, _ := strings.Cut(iana, "\n")
	last := ""
	for line := range strings.Lines(rest) {
		transport, port, name := assignment(strings.TrimSuffix(line, "\n"))
		if line != fmt.Sprintf("%s\t%d\t%s\n", transport, port, name) {
			t.Errorf("%q is no line", line)
		}
		if key := fmt.Sprintf("%s\t%05d\t%s", transport, port, name); key <= last {
			t.Errorf("%q comes too late", line)
		} else {
			last = key
		}
	}
}

func TestCarries(t *testing.T) {
	r, _ := New(nil)
	tests := []struct {
		name  string
		stack string
		want  bool
	}{
		{"microsoft-ds", "nbss smb2 dcerpc srvsvc", true},
		{"microsoft-ds", "http", false},
		{"netbios-ssn", "nbss smb", true},
		{"netbios-ns", "nbns", true},
		{"netbios-dgm", "nbdgm", true},
		{"epmap", "dcerpc epm", true},
		{"https", "tls http2", true},
		{"https", "quic", true},
		{"https", "ssh", false},
		{"http", "http", true},
		{"http-alt", "http2", true},
		{"domain", "dns", true},
		{"ms-wbt-server", "tpkt cotp rdp", true},
		{"ms-sql-s", "tds tls", true},
		{"sunrpc", "rpc portmap", true},
		{"nfs", "rpc nfs", true},
		{"postgresql", "pgsql", true},
		{"imaps", "tls", true},
		{"spcsdlobby", "nbss smb", false},
		{"spcsdlobby", "spcsdlobby", true},
		{"SSH", "ssh", true},
		{"ftp-data", "ftp_data", true},
		{"iec-104", "iec60870_104", true},
		{"ssh", "", false},
		{"", "ssh", false},
	}
	for _, tt := range tests {
		if got := r.Carries(tt.name, strings.Fields(tt.stack)); got != tt.want {
			t.Errorf("Carries(%q, %q) = %v", tt.name, tt.stack, got)
		}
	}
}

// Every row has its three columns, a name of its own and no empty protocol.
func TestCarriesTable(t *testing.T) {
	seen := map[string]bool{}
	for i, line := range strings.Split(strings.TrimSuffix(carriesTable, "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(line, "\t")
		if len(columns) != 3 || columns[0] == "" || columns[2] == "" {
			t.Errorf("line %d: want name, protocols and source: %q", i+1, line)
			continue
		}
		if name := fold(columns[0]); seen[name] {
			t.Errorf("line %d: %s again", i+1, columns[0])
		} else {
			seen[name] = true
		}
		for _, protocol := range strings.Split(columns[1], ",") {
			if protocol == "" || protocol != strings.ToLower(protocol) || strings.ContainsAny(protocol, " \t") {
				t.Errorf("line %d: protocol %q", i+1, protocol)
			}
		}
	}
	if len(seen) < 150 {
		t.Errorf("%d rows", len(seen))
	}
}

func TestServicesSkipped(t *testing.T) {
	const file = "only-name\nx 80\nx 80/\nx 0/tcp\nx 65536/tcp\nx -1/tcp\nok 7/tcp\n# comment\n   \n"
	long := "y " + strings.Repeat("z", 3*maxServicesLine) + "\n"
	r, err := New(strings.NewReader(file + long + "last 9/udp"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Skipped() != 7 {
		t.Errorf("%d lines skipped", r.Skipped())
	}
	if got := r.Names("udp", 9); got[0] != "last" {
		t.Errorf("after a long line: %q", got)
	}
	if _, err := New(iotest.ErrReader(errors.New("disk"))); err == nil {
		t.Error("no error of the reader")
	}
}

func FuzzServices(f *testing.F) {
	f.Add("http 80/tcp www\n")
	f.Add("\ufeffa 1/udp\r\nb 2\n#")
	f.Fuzz(func(t *testing.T, file string) {
		services, skipped, err := parseServices(strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		lines, entries := strings.Count(file, "\n")+1, 0
		for key, names := range services {
			entries += len(names)
			if key.port == 0 || key.transport == "" {
				t.Fatalf("entry %+v", key)
			}
		}
		if entries+skipped > lines {
			t.Fatalf("%d entries and %d skipped of %d lines", entries, skipped, lines)
		}
	})
}

func BenchmarkNames(b *testing.B) {
	r, _ := New(nil)
	r.Names("tcp", 80)
	b.ReportAllocs()
	for b.Loop() {
		r.Names("tcp", 2888)
	}
}
