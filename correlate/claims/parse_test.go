package claims

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

var comparable = cmp.Options{
	cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

func parse(t *testing.T, text string) *Listing {
	t.Helper()
	l, err := Parse(strings.NewReader(text), "test")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func ends(local, remote string) (l, r netip.AddrPort) {
	l = netip.MustParseAddrPort(local)
	if remote != "" {
		r = netip.MustParseAddrPort(remote)
	}
	return l, r
}

// Whole listings of real machines, complete to the row.
func TestParseFiles(t *testing.T) {
	tests := []struct {
		file                              string
		format                            Format
		claims, listens, opened, services int
		processes                         int
	}{
		{"netstat-an.xp.txt", NetstatWindows, 36, 33, 3, 0, 0},
		{"netstat-oan.2003.txt", NetstatWindows, 11, 11, 0, 0, 0},
		{"netstat-nb.xpsp2-ja.txt", NetstatWindows, 2, 0, 2, 0, 0},
		{"netstat-anbv.xpsp2-ja.txt", NetstatWindows, 4, 4, 0, 0, 0},
		{"tasklist.2003-ja.txt", Tasklist, 0, 0, 0, 0, 19},
		{"tasklist-svc.2003-ja.txt", Tasklist, 0, 0, 0, 41, 17},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			data, err := os.ReadFile("testdata/" + tt.file)
			if err != nil {
				t.Fatal(err)
			}
			want := parse(t, string(data))
			listens, opened, services := 0, 0, 0
			for _, c := range want.Claims {
				if c.Listens() {
					listens++
				}
				if c.State == Established {
					opened++
				}
			}
			for _, p := range want.Processes {
				services += len(p.Services)
			}
			got := []int{len(want.Claims), listens, opened, services, len(want.Processes), len(want.Problems), want.Ignored}
			if diff := cmp.Diff([]int{tt.claims, tt.listens, tt.opened, tt.services, tt.processes, 0, 0}, got); diff != "" {
				t.Errorf("claims, listening, established, services, processes, problems, ignored (-want +got):\n%s\n%v", diff, want.Problems)
			}
			if want.Format != tt.format {
				t.Errorf("format %q", want.Format)
			}
			for name, e := range encodings {
				if !strings.Contains(tt.file, "-ja") && name == "cp932" {
					continue
				}
				text := strings.NewReplacer("\ufeff", "", "\u00a0", " ").Replace(string(data))
				encoded, err := e.NewEncoder().String(text)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, parse(t, encoded), comparable); diff != "" {
					t.Errorf("as %s (-want +got):\n%s", name, diff)
				}
			}
			if diff := cmp.Diff(want, parse(t, strings.ReplaceAll(string(data), "\r\n", "\n")), comparable); diff != "" {
				t.Errorf("with plain line feeds (-want +got):\n%s", diff)
			}
		})
	}
}

var encodings = map[string]encoding.Encoding{
	"cp932":             japanese.ShiftJIS,
	"utf-8 with mark":   unicode.UTF8BOM,
	"utf-16le":          unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"utf-16be":          unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"utf-16le no mark":  unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"utf-16be no mark":  unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"utf-8, as it came": encoding.Nop,
}

func TestWindowsComponents(t *testing.T) {
	data, err := os.ReadFile("testdata/netstat-anbv.xpsp2-ja.txt")
	if err != nil {
		t.Fatal(err)
	}
	l := parse(t, string(data))
	if c := l.Claims[0]; c.PID != 1544 || c.Process != "svchost.exe" || len(c.Modules) != 4 || c.Line != 4 {
		t.Errorf("first row: %+v", c)
	}
	if c := l.Claims[1]; c.Process != "System" || !cmp.Equal(c.Modules, []string{"ntoskrnl.exe"}) {
		t.Errorf("second row: %+v", c)
	}
}

func TestRows(t *testing.T) {
	const windows = "\r\nActive Connections\r\n\r\n  Proto  Local Address          Foreign Address        State           PID\r\n"
	const linux = "Active Internet connections (servers and established)\nProto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name    \n"
	const ss = "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
	const lsof = "COMMAND   PID USER   FD   TYPE DEVICE SIZE/OFF NODE NAME\n"
	tests := []struct {
		name, text    string
		local, remote string
		want          Claim
	}{
		{
			"windows service", windows + "  TCP    0.0.0.0:135    0.0.0.0:0    LISTENING    900\r\n  RpcSs\r\n [svchost.exe]\r\n", "0.0.0.0:135", "",
			Claim{Transport: "tcp", State: "LISTENING", PID: 900, Process: "svchost.exe", Services: []string{"RpcSs"}},
		},
		{
			"windows without ownership", windows + "  TCP    0.0.0.0:445    0.0.0.0:0    LISTENING    4\r\n Can not obtain ownership information\r\n", "0.0.0.0:445", "",
			Claim{Transport: "tcp", State: "LISTENING", PID: 4},
		},
		{
			"windows ipv6", windows + "  TCP    [fe80::1%4]:445   [fe80::2%4]:50123   ESTABLISHED   4\r\n", "[fe80::1%4]:445", "[fe80::2%4]:50123",
			Claim{Transport: "tcp", State: "ESTABLISHED", PID: 4},
		},
		{
			"windows ipv6 wildcard", windows + "  TCP    [::]:445   [::]:0   LISTENING   4\r\n", "[::]:445", "",
			Claim{Transport: "tcp", State: "LISTENING", PID: 4},
		},
		{"windows udp", windows + "  UDP    [::1]:1900   *:*   1200\r\n", "[::1]:1900", "", Claim{Transport: "udp", PID: 1200}},
		{
			"windows offload", windows + "  TCP    10.0.0.1:80   10.0.0.2:1025   TIME_WAIT   0   InHost\r\n", "10.0.0.1:80", "10.0.0.2:1025",
			Claim{Transport: "tcp", State: "TIME_WAIT"},
		},
		{
			"japanese header", "アクティブな接続\r\n\r\n  プロトコル  ローカル アドレス          外部アドレス        状態           PID\r\n  TCP         0.0.0.0:135            0.0.0.0:0              LISTENING       900\r\n", "0.0.0.0:135", "",
			Claim{Transport: "tcp", State: "LISTENING", PID: 900},
		},
		{
			"linux", linux + "tcp        0      0 127.0.0.1:631           0.0.0.0:*               LISTEN      812/cupsd           \n", "127.0.0.1:631", "",
			Claim{Transport: "tcp", State: "LISTENING", PID: 812, Process: "cupsd"},
		},
		{
			"linux ipv6", linux + "tcp6       0      0 :::22                   :::*                    LISTEN      1/sshd: /usr/sbin   \n", "[::]:22", "",
			Claim{Transport: "tcp", State: "LISTENING", PID: 1, Process: "sshd: /usr/sbin"},
		},
		{"linux udp", linux + "udp        0      0 0.0.0.0:68              0.0.0.0:*                           -                   \n", "0.0.0.0:68", "", Claim{Transport: "udp"}},
		{
			"linux extended", "Proto Recv-Q Send-Q Local Address Foreign Address State User Inode PID/Program name\ntcp 0 0 10.0.0.1:22 10.0.0.2:40000 ESTABLISHED root 4711 99/sshd\n", "10.0.0.1:22", "10.0.0.2:40000",
			Claim{Transport: "tcp", State: "ESTABLISHED", User: "root", PID: 99, Process: "sshd"},
		},
		{
			"bsd", "Active Internet connections (including servers)\nProto Recv-Q Send-Q  Local Address          Foreign Address        (state)\ntcp4       0      0  127.0.0.1.631          *.*                    LISTEN\n", "127.0.0.1:631", "",
			Claim{Transport: "tcp", State: "LISTENING"},
		},
		{"bsd ipv6", "Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)\nudp6       0      0  fe80::1%lo0.123        *.*                    \n", "[fe80::1%lo0]:123", "", Claim{Transport: "udp"}},
		{
			"ss", ss + "tcp   LISTEN 0      128          0.0.0.0:22        0.0.0.0:*    users:((\"sshd\",pid=812,fd=3),(\"systemd\",pid=1,fd=40))\n", "0.0.0.0:22", "",
			Claim{Transport: "tcp", State: "LISTENING", PID: 812, Process: "sshd", Others: []Process{{PID: 1, Name: "systemd"}}},
		},
		{"ss both families", ss + "tcp   LISTEN 0      511                *:80              *:*\n", "[::]:80", "", Claim{Transport: "tcp", State: "LISTENING"}},
		{
			"ss zones", ss + "udp   UNCONN 0 0 [fe80::1]%eth0:546 [::]:* users:((\"dhcp\",pid=5,fd=3)) uid:100 ino:9\n", "[fe80::1%eth0]:546", "",
			Claim{Transport: "udp", PID: 5, Process: "dhcp", User: "100"},
		},
		{"ss ipv4 zone", ss + "udp   UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*\n", "127.0.0.53:53", "", Claim{Transport: "udp"}},
		{
			"ss without netid", "State   Recv-Q  Send-Q   Local Address:Port    Peer Address:Port  Process\nESTAB   0       0        10.0.0.1:22           10.0.0.2:40000\n", "10.0.0.1:22", "10.0.0.2:40000",
			Claim{Transport: "tcp", State: "ESTABLISHED"},
		},
		{
			"ss processes on the next line", ss + "tcp   ESTAB  0 0 10.0.0.1:22 10.0.0.2:40000\n\t users:((\"sshd\",pid=9,fd=3))\n", "10.0.0.1:22", "10.0.0.2:40000",
			Claim{Transport: "tcp", State: "ESTABLISHED", PID: 9, Process: "sshd"},
		},
		{
			"lsof", lsof + "sshd      812 root    3u  IPv4  12345      0t0  TCP *:22 (LISTEN)\n", "0.0.0.0:22", "",
			Claim{Transport: "tcp", State: "LISTENING", PID: 812, Process: "sshd", User: "root"},
		},
		{
			"lsof connection", lsof + "Google\\x20Chrome 99 joe 45u IPv6 0xabc 0t0 TCP [::1]:50000->[::1]:443 (ESTABLISHED)\n", "[::1]:50000", "[::1]:443",
			Claim{Transport: "tcp", State: "ESTABLISHED", PID: 99, Process: "Google Chrome", User: "joe"},
		},
		{"lsof udp", lsof + "avahi 7 avahi 12u IPv6 1 0t0 UDP *:5353\n", "[::]:5353", "", Claim{Transport: "udp", PID: 7, Process: "avahi", User: "avahi"}},
		{
			"socket record", `{"type":"socket","schema":1,"transport":"tcp","local":"0.0.0.0:80","state":"LISTENING","owner":{"pid":4,"name":"System"}}`, "0.0.0.0:80", "",
			Claim{Transport: "tcp", State: "LISTENING", PID: 4, Process: "System"},
		},
		{
			"socket record, all of it", `{"type":"socket","transport":"tcp","local":"0.0.0.0:80","state":"LISTENING","netns":4026532281,"owner":{"pid":7,"name":"nginx","exe":"/usr/sbin/nginx","user":"www","unit":"nginx.service","socket_unit":"nginx.socket","container":"0a0b","container_name":"web","modules":["m"]}}`,
			"0.0.0.0:80", "",
			Claim{
				Transport: "tcp", State: "LISTENING", PID: 7, Process: "nginx", Exe: "/usr/sbin/nginx", User: "www", Modules: []string{"m"},
				Unit: "nginx.service", SocketUnit: "nginx.socket", Container: "0a0b", ContainerName: "web", NetNS: 4026532281,
			},
		},
		{
			"socket record, several processes", `{"type":"socket","transport":"tcp","local":"0.0.0.0:80","state":"LISTENING","owner":{"reason":"ambiguous","candidates":[{"pid":7,"name":"nginx"},{"pid":8,"name":"nginx"}]}}`,
			"0.0.0.0:80", "",
			Claim{Transport: "tcp", State: "LISTENING", PID: 7, Process: "nginx", Others: []Process{{PID: 8, Name: "nginx"}}},
		},
		{
			"socket record with objects", `{"type":"socket","transport":"tcp","local":{"addr":"10.0.0.1","port":22},"remote":{"addr":"10.0.0.2","port":40000},"state":"ESTAB"}`, "10.0.0.1:22", "10.0.0.2:40000",
			Claim{Transport: "tcp", State: "ESTABLISHED"},
		},
		{"socket record, flat", `{"type":"socket","transport":"udp","addr":"::","port":53,"remote":""}`, "[::]:53", "", Claim{Transport: "udp"}},
		{
			"port record", `{"type":"port","schema":1,"transport":"tcp","addr":"10.0.0.1","port":2888,"role":"server","declared":{"claim":{"pid":7}},"observed":[{"protocols":["http"],"flows":1}]}`, "10.0.0.1:2888", "",
			Claim{Transport: "tcp", State: "LISTENING", PID: 7, Protocols: []string{"http"}},
		},
		{
			"port record of a client", `{"type":"port","transport":"tcp","addr":"10.0.0.1","port":2888,"role":"client","declared":{"claim":{"state":"LISTENING"}},"observed":[{"protocols":["nbss"]}]}`, "10.0.0.1:2888", "",
			Claim{Transport: "tcp", State: "LISTENING"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := parse(t, tt.text)
			if len(l.Claims) != 1 || len(l.Problems) != 0 {
				t.Fatalf("%d claims, problems %v", len(l.Claims), l.Problems)
			}
			tt.want.Local, tt.want.Remote = ends(tt.local, tt.remote)
			if diff := cmp.Diff(tt.want, l.Claims[0], comparable, cmpopts.IgnoreFields(Claim{}, "Line", "File")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A table of ss without Netid is one of datagrams when a state says so.
func TestSSTransport(t *testing.T) {
	l := parse(t, "State Recv-Q Send-Q Local Address:Port Peer Address:Port\nESTAB 0 0 10.0.0.1:68 10.0.0.2:67\nUNCONN 0 0 0.0.0.0:53 0.0.0.0:*\nESTAB 0 0 10.0.0.1:1 10.0.0.2:2\n")
	for _, c := range l.Claims {
		if c.Transport != "udp" {
			t.Errorf("%+v", c)
		}
	}
}

// Rows that are no claims about a port are counted, others are problems with
// their line.
func TestIgnoredAndProblems(t *testing.T) {
	tests := []struct {
		name, text             string
		claims, ignored, fault int // fault: line of the only problem, 0 for none
	}{
		{"unix sockets of netstat", "Proto Recv-Q Send-Q Local Address Foreign Address State\ntcp 0 0 1.1.1.1:22 0.0.0.0:* LISTEN\nActive UNIX domain sockets (servers and established)\nProto RefCnt Flags       Type       State         I-Node   Path\nunix  2      [ ACC ]     STREAM     LISTENING     12345    /run/a\n", 1, 2, 0},
		{"kinds of ss", "Netid State Recv-Q Send-Q\nu_str LISTEN 0 5 /run/x 12 * 0\nnl UNCONN 0 0 rtnl:kernel *\ntcp LISTEN 0 5 0.0.0.0:80 0.0.0.0:*\n", 1, 2, 0},
		{"files of lsof", "COMMAND PID USER FD TYPE DEVICE SIZE/OFF NODE NAME\nsh 1 root cwd DIR 8,1 4096 2 /\nx 2 root 3u IPv4 1 0t0 UDP *:*\nx 2 root 3u IPv4 1 0t0 TCP *:80 (LISTEN)\n", 1, 2, 0},
		{"flows of sniffid", `{"type":"flow"}` + "\n" + `{"type":"summary"}` + "\n", 0, 2, 0},
		{"a broken row", "  Proto  Local Address  Foreign Address  State\n  TCP  1.1.1.1:80  0.0.0.0:0  LISTENING\n  TCP  1.1.1.1:99999  0.0.0.0:0  LISTENING\n", 1, 0, 3},
		{"names for numbers", "  Proto  Local Address  Foreign Address  State\n  TCP  host:epmap  host:0  LISTENING\n", 0, 0, 2},
		{"a state that is none", "  TCP  1.1.1.1:80  0.0.0.0:0  GRUMBLING\n", 0, 0, 1},
		{"a row cut short", "tcp 0 0 1.1.1.1:80\n", 0, 0, 1},
		{"prose between rows", "  TCP  1.1.1.1:80  0.0.0.0:0  LISTENING\n\nhello there\n", 1, 0, 3},
		{"broken JSON", `{"type":"socket"` + "\n", 0, 0, 1},
		{"foreign JSON", `{"hello":1}` + "\n", 0, 0, 1},
		{"prompts", "C:\\>netstat -an\n\nActive Connections\n\n  Proto  Local Address\n  TCP  1.1.1.1:80  0.0.0.0:0  LISTENING\nC:\\Documents and Settings\\x>\n", 1, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := parse(t, tt.text)
			fault := 0
			if len(l.Problems) > 0 {
				fault = l.Problems[0].Line
			}
			if len(l.Claims) != tt.claims || l.Ignored != tt.ignored || fault != tt.fault || len(l.Problems) > 1 {
				t.Errorf("%d claims, %d ignored, problems %v", len(l.Claims), l.Ignored, l.Problems)
			}
		})
	}
}

func TestTasklistForms(t *testing.T) {
	want := []Process{
		{PID: 0, Name: "System Idle Process"},
		{PID: 892, Name: "svchost.exe", Services: []string{"Dhcp", "Dnscache"}},
	}
	forms := map[string]string{
		"table":        "\r\nImage Name                     PID Services                                    \r\n========================= ======== ============================================\r\nSystem Idle Process              0 N/A                                         \r\nsvchost.exe                    892 Dhcp,\r\n                                   Dnscache\r\n",
		"csv":          "\"Image Name\",\"PID\",\"Services\"\r\n\"System Idle Process\",\"0\",\"N/A\"\r\n\"svchost.exe\",\"892\",\"Dhcp,Dnscache\"\r\n",
		"list":         "\r\nImage Name: System Idle Process\r\nPID:        0\r\nServices:   N/A\r\n\r\nImage Name: svchost.exe\r\nPID:        892\r\nServices:   Dhcp\r\n            Dnscache\r\n",
		"japanese csv": "\"イメージ名\",\"PID\",\"サービス\"\r\n\"System Idle Process\",\"0\",\"N/A\"\r\n\"svchost.exe\",\"892\",\"Dhcp,Dnscache\"\r\n",
	}
	for name, text := range forms {
		t.Run(name, func(t *testing.T) {
			l := parse(t, text)
			if diff := cmp.Diff(want, l.Processes, comparable, cmpopts.IgnoreFields(Process{}, "Line")); diff != "" || len(l.Problems) > 0 {
				t.Errorf("(-want +got):\n%s%v", diff, l.Problems)
			}
		})
	}
	verbose := "Image Name                     PID Session Name        Session#    Mem Usage Status          User Name                                              CPU Time Window Title\n" +
		"========================= ======== ================ =========== ============ =============== ================================================== ============ =====\n" +
		"lsass.exe                      500 Services                   0     14,208 K Unknown         NT AUTHORITY\\SYSTEM                                     0:00:05 N/A\n"
	if l := parse(t, verbose); len(l.Processes) != 1 || l.Processes[0].User != `NT AUTHORITY\SYSTEM` || l.Processes[0].Services != nil {
		t.Errorf("/v: %+v %v", l.Processes, l.Problems)
	}
}

func TestMerge(t *testing.T) {
	netstat := parse(t, "  TCP  0.0.0.0:25  0.0.0.0:0  LISTENING  1500\n  TCP  0.0.0.0:135  0.0.0.0:0  LISTENING  752\n [rpc.exe]\n  TCP  0.0.0.0:445  0.0.0.0:0  LISTENING  4\n  TCP  0.0.0.0:9  0.0.0.0:0  TIME_WAIT  0\n")
	var lists []*Listing
	for _, file := range []string{"tasklist.2003-ja.txt", "tasklist-svc.2003-ja.txt"} {
		data, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, parse(t, string(data)))
	}
	other := parse(t, "\"Image Name\",\"PID\",\"Services\"\n\"notsystem.exe\",\"4\",\"N/A\"\n")
	m := Merge(append([]*Listing{netstat, nil}, append(lists, other)...)...)
	type joined struct {
		Process  string
		Services []string
	}
	var got []joined
	for _, c := range m.Claims {
		got = append(got, joined{c.Process, c.Services})
	}
	want := []joined{
		{"inetinfo.exe", []string{"IISADMIN", "RESvc", "SMTPSVC"}},
		{"rpc.exe", nil}, // 752 is svchost.exe in the process listings
		{"", nil},        // two names for 4
		{"", nil},
	}
	if diff := cmp.Diff(want, got, comparable); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(m.Processes) != 19+17+1 || netstat.Claims[0].Process != "" {
		t.Errorf("%d processes; input changed to %+v", len(m.Processes), netstat.Claims[0])
	}
}

func TestParseErrors(t *testing.T) {
	for _, text := range []string{"", "\n\n", "hello\n", "123 456\n", "\x00\xff"} {
		if _, err := Parse(strings.NewReader(text), "x"); !errors.Is(err, ErrUnrecognized) {
			t.Errorf("%q: %v", text, err)
		}
	}
	disk := errors.New("disk")
	l, err := Parse(iotest.TimeoutReader(strings.NewReader("")), "x")
	if err == nil || l == nil {
		t.Error("an empty input is no listing")
	}
	if _, err := Parse(iotest.ErrReader(disk), "x"); !errors.Is(err, disk) {
		t.Errorf("got %v", err)
	}
	long := "  TCP  1.1.1.1:80  0.0.0.0:0  LISTENING\n" + strings.Repeat("x", maxLine+1) + "\n"
	if l := parse(t, long); len(l.Problems) != 1 || l.Problems[0].Line != 2 || len(l.Problems[0].Text) > maxText {
		t.Error("no problem for a long line")
	}
	many := "  TCP  1.1.1.1:80  0.0.0.0:0  LISTENING\n" + strings.Repeat("  TCP  x\n", maxProblems+50)
	if l := parse(t, many); len(l.Problems) != maxProblems+1 {
		t.Errorf("%d problems", len(l.Problems))
	}
}

// Whatever comes in: every line is a claim, a process, a problem, an ignored
// row, or text around them; claims have a transport, a port and a line.
func FuzzParse(f *testing.F) {
	entries, err := os.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		if data, err := os.ReadFile("testdata/" + e.Name()); err == nil {
			f.Add(data)
		}
	}
	f.Add([]byte("Netid State\ntcp LISTEN 0 1 [::]%lo:22 *:* users:((\"a\",pid=1,fd=2))\n"))
	f.Add([]byte("COMMAND PID\na 1 b 3u IPv4 1 0t0 TCP *:22->1.1.1.1:2 (LISTEN)\n"))
	f.Add([]byte(`{"type":"socket","transport":"tcp","local":"1.1.1.1:1"}`))
	f.Add([]byte("Image Name: x\nPID: 1\nServices: a\n b\n"))
	f.Add([]byte("\xff\xfeT\x00C\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Parse(strings.NewReader(string(data)), "fuzz")
		if l == nil || err == nil && l.Format == Unknown {
			t.Fatal("neither listing nor error")
		}
		lines := strings.Count(decode(data), "\n") + 1
		if len(l.Claims)+len(l.Processes)+l.Ignored > lines {
			t.Fatalf("more rows than lines")
		}
		for _, c := range l.Claims {
			if c.Transport == "" || !c.Local.IsValid() || c.Line < 1 || c.Line > lines {
				t.Fatalf("claim %+v", c)
			}
		}
		Merge(l, l)
	})
}
