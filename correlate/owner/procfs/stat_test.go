package procfs

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const sshdStat = "812 (sshd) S 1 812 812 0 -1 4194560 1462 21 39 1 2 1 0 0 20 0 1 0 1093 15773696 1856 18446744073709551615 1 1 0 0 0 0 0 4096 81925 0 0 0 17 1 0 0 0 0 0\n"

func TestParseStat(t *testing.T) {
	line := func(comm string) string { return strings.Replace(sshdStat, "(sshd)", "("+comm+")", 1) }
	for _, tt := range []struct {
		name, text, comm string
		ok               bool
	}{
		{"plain", sshdStat, "sshd", true},
		{"spaces", line("tmux: server"), "tmux: server", true},
		{"parentheses", line("a) S 1 (b"), "a) S 1 (b", true},
		{"line end", line("a\nb"), "a\nb", true},
		{"empty", line(""), "", true},
		{"closing ones only", line(")))"), ")))", true},
		{"no text", "", "", false},
		{"no name", "812 S 1 812", "", false},
		{"other order", ")812 (", "", false},
		{"cut", sshdStat[:60], "", false},
		{"no number", "x" + sshdStat, "", false},
		{"parent is no number", strings.Replace(sshdStat, "S 1 ", "S x ", 1), "", false},
		{"too large", "9" + strings.Repeat("9", 12) + sshdStat, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := ParseStat([]byte(tt.text))
			if (err == nil) != tt.ok {
				t.Fatal(err)
			}
			if tt.ok && (string(s.Comm) != tt.comm || s.PID != 812 || s.PPID != 1 || s.State != 'S' || s.Threads != 1 || s.Start != 1093 || s.Kernel) {
				t.Errorf("%+v", s)
			}
		})
	}
	kernel := "33 (kworker/0:1H-kblockd) I 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0 0 -20 1 0 35 0 0 18446744073709551615 0 0 0 0 0 0 0 2147483647 0 0 0 0 17 0 0 0 0 0 0\n"
	if s, err := ParseStat([]byte(kernel)); err != nil || !s.Kernel || s.PPID != 2 || s.Start != 35 {
		t.Errorf("%+v, %v", s, err)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte(sshdStat))
	f.Add([]byte("1 (a) b) Z 0 1 2 3 4 5 6"))
	f.Add([]byte("0 () \x00 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseStat(text)
		if err != nil {
			return
		}
		if s.PID < 0 || s.PPID < 0 || s.Threads < 0 || s.State == 0 {
			t.Errorf("%+v", s)
		}
		if !bytes.Contains(text, append(append([]byte("("), s.Comm...), ')')) || !strings.Contains(string(text), strconv.Itoa(s.PPID)) {
			t.Errorf("%+v is not what %q says", s, text)
		}
	})
}

func BenchmarkParseStat(b *testing.B) {
	text := []byte(sshdStat)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseStat(text); err != nil {
			b.Fatal(err)
		}
	}
}

func TestParseStatus(t *testing.T) {
	s := ParseStatus([]byte("Name:\tsu: do\nTgid:\t4711\nUid:\t1000\t0\t0\t0\nGid:\t1\t2\t3\t4\nNStgid:\t9\nNSpid:\t4711\t12\t1\nVmRSS:\t1 kB\n"))
	if s.Tgid != 4711 || s.UID != 0 || !slices.Equal(s.NSpid, []int{4711, 12, 1}) {
		t.Errorf("%+v", s)
	}
	s = ParseStatus([]byte("Uid:\t0\t4294967294\t0\t0\nNSpid:\t7 x 9"))
	if s.UID != 4294967294 || !slices.Equal(s.NSpid, []int{7}) {
		t.Errorf("%+v", s)
	}
	for _, text := range []string{"", "Uid:", "Uid:\tx\ty\nNSpid:\n", "NSpid", strings.Repeat("NSpid:\t99999999999\n", 3)} {
		if s := ParseStatus([]byte(text)); s.UID != 0 || s.NSpid != nil {
			t.Errorf("%q: %+v", text, s)
		}
	}
	long := ParseStatus([]byte("NSpid:" + strings.Repeat("\t1", 100000)))
	if len(long.NSpid) != maxNamespaces {
		t.Errorf("%d numbers", len(long.NSpid))
	}
}

func TestLinkInode(t *testing.T) {
	for _, tt := range []struct {
		text, kind string
		inode      uint64
		ok         bool
	}{
		{"socket:[12345]", "socket:", 12345, true},
		{"net:[4026531840]", "net:", 4026531840, true},
		{"socket:[12345", "socket:", 0, false},
		{"socket:[]", "socket:", 0, false},
		{"socket:", "socket:", 0, false},
		{"socket:12345]", "socket:", 0, false},
		{"pipe:[12345]", "socket:", 0, false},
		{"socket:[-1]", "socket:", 0, false},
		{"socket:[18446744073709551615]", "socket:", 1<<64 - 1, true},
		{"socket:[18446744073709551616]", "socket:", 0, false},
		{"/tmp/socket:[1]", "socket:", 0, false},
		{"", "socket:", 0, false},
	} {
		if inode, ok := linkInode([]byte(tt.text), tt.kind); inode != tt.inode || ok != tt.ok {
			t.Errorf("%q: %d, %v", tt.text, inode, ok)
		}
	}
}

func TestName(t *testing.T) {
	for _, tt := range []struct {
		p    Process
		want string
	}{
		{Process{Comm: "sshd", Exe: "/usr/sbin/sshd"}, "sshd"},
		{Process{Comm: "systemd-network", Exe: "/usr/lib/systemd/systemd-networkd"}, "systemd-networkd"},
		{Process{Comm: "worker-thread-1", Exe: "/usr/bin/java"}, "worker-thread-1"},
		{Process{Comm: "fifteen-letters", Exe: "/usr/bin/fifteen-letters"}, "fifteen-letters"},
		{Process{Comm: "kworker/u8:2-ev"}, "kworker/u8:2-ev"},
	} {
		if got := tt.p.Name(); got != tt.want {
			t.Errorf("%+v: %q", tt.p, got)
		}
	}
}
