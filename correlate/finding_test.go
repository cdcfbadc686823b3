package correlate

import (
	"strings"
	"testing"

	"github.com/sniffid/sniffid/correlate/claims"
	"github.com/sniffid/sniffid/correlate/owner"
)

func TestFindings(t *testing.T) {
	listening := func(pid int, process string, reason owner.Reason) []claims.Claim {
		c := row("tcp", "192.168.0.111:2049", "", "LISTENING", 22)
		c.PID, c.Process, c.Reason = pid, process, string(reason)
		return []claims.Claim{c}
	}
	sshd := listening(612, "sshd", "")
	sshd[0].Unit = "ssh.service"
	shared := listening(12, "nginx", "")
	shared[0].Others = []claims.Process{{PID: 13, Name: "worker"}}
	tests := []struct {
		name   string
		claims []claims.Claim
		seen   []Observation
		owner  owner.Owner
		want   FindingKind // "" for none
		text   string      // part of the sentence
	}{
		{name: "the kernel listens", claims: listening(0, "", owner.Kernel), want: NoOwner, text: "the kernel itself listens"},
		{name: "the process is gone", claims: listening(900, "", owner.Exited), want: NoOwner, text: "names PID 900, and no such process runs"},
		{name: "nobody holds it", claims: listening(0, "", owner.Exited), want: NoOwner, text: "something in the kernel"},
		{name: "hidden from this user", claims: listening(0, "", owner.NoPermission)},
		{name: "a listing without processes", claims: listening(0, "", "")},
		{name: "held", claims: sshd},
		{name: "held after all", claims: listening(0, "", owner.Exited), owner: owner.Owner{PID: 7, Name: "x"}},

		{name: "answers without a socket", seen: []Observation{spoke("http", "certain")}, owner: owner.Owner{Reason: owner.Exited}, want: NoSocket, text: "2049/tcp answered 1 flow, and this machine has no socket there"},
		{name: "answers, listed", claims: listening(0, "", ""), seen: []Observation{spoke("http", "certain")}, owner: owner.Owner{Reason: owner.Exited}},
		{name: "answers, of another machine", seen: []Observation{spoke("http", "certain")}, owner: owner.Owner{Reason: owner.NotLocal}},
		{name: "answers, with a socket", seen: []Observation{spoke("http", "certain")}, owner: owner.Owner{PID: 7, Name: "x"}},
		{name: "refuses without a socket", seen: []Observation{refused()}, owner: owner.Owner{Reason: owner.Exited}},
		{name: "asks without a socket", seen: []Observation{opened("http", "certain")}, owner: owner.Owner{Reason: owner.Exited}},

		{name: "another process", claims: sshd, seen: []Observation{spoke("ssh", "certain")}, owner: owner.Owner{PID: 7, Name: "dropbear"}, want: OtherOwner, text: "names PID 612 sshd (ssh.service), and what took part was PID 7 dropbear"},
		{name: "the same process", claims: sshd, seen: []Observation{spoke("ssh", "certain")}, owner: owner.Owner{PID: 612, Name: "sshd"}},
		{name: "the same program", claims: sshd, seen: []Observation{spoke("ssh", "certain")}, owner: owner.Owner{PID: 7, Name: "sshd"}},
		{name: "a child", claims: sshd, seen: []Observation{spoke("ssh", "certain")}, owner: owner.Owner{PID: 7, Name: "bash", Parent: &owner.Process{PID: 700, Parent: &owner.Process{PID: 612}}}},
		{name: "the same unit", claims: sshd, seen: []Observation{spoke("ssh", "certain")}, owner: owner.Owner{PID: 7, Name: "helper", Unit: "ssh.service"}},
		{name: "one of several", claims: shared, seen: []Observation{spoke("http", "certain")}, owner: owner.Owner{PID: 13, Name: "worker"}},
		{name: "another namespace's, published here", claims: sshd, seen: []Observation{spoke("http", "certain")}, owner: owner.Owner{PID: 7, Name: "nginx", NetNS: 40}},
		{name: "another process, which asked", claims: sshd, seen: []Observation{opened("ssh", "certain")}, owner: owner.Owner{PID: 7, Name: "dropbear"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Port{Key: PortKey{Transport: "tcp", Addr: host, Port: 2049}, Observations: tt.seen, Claims: tt.claims, Owner: tt.owner}
			found := Judge(&p, nil).Findings
			if tt.want == "" {
				if len(found) > 0 {
					t.Errorf("%+v", found)
				}
				return
			}
			if len(found) != 1 || found[0].Kind != tt.want || !strings.Contains(found[0].Text, tt.text) || len(found[0].Evidence) == 0 {
				t.Errorf("%+v", found)
			}
		})
	}
}
