package livetest

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/netip"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestOverload lets packets wait while sniffid is stopped. When it goes on, it passes over
// their payload rather than to lose any, says so, and counts; what comes later it names.
func TestOverload(t *testing.T) {
	// So many that sniffid's own queue fills up several times, each a flow of its own; all
	// of them fit into the kernel's buffer meanwhile.
	const packets, size = 12_000, 1400
	const later = 60_000 // a port
	binary := asked(t)
	ctx, stop := signal.NotifyContext(t.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client, server := cable(ctx, t)
	sniffer := sniffWith(ctx, t, binary, server)

	tell := func(s syscall.Signal) {
		if err := sniffer.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	tell(syscall.SIGSTOP)
	client.send(t, 1000, packets, strings.Repeat("A", size))
	tell(syscall.SIGCONT)
	for range 5 { // the last ones when nothing waits any more
		time.Sleep(limit)
		client.send(t, later, 1, "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03net\x00\x00\x01\x00\x01")
	}
	time.Sleep(limit)
	tell(syscall.SIGINT)
	if !sniffer.wait(patience / 3) {
		t.Fatal("sniffid does not end")
	}

	var summary struct{ Packets, Flows, Dropped, Uninspected int }
	for line := range bytes.Lines(sniffer.out.Bytes()) {
		if bytes.Contains(line, []byte(`"type":"summary"`)) {
			if err := json.Unmarshal(line, &summary); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%+v", summary)
	if summary.Packets <= packets || summary.Dropped > 0 || summary.Uninspected < packets/10 {
		t.Errorf("of %d packets, %d were seen and %d lost; the payload of %d was passed over", packets, summary.Packets, summary.Dropped, summary.Uninspected)
	}
	if n := strings.Count(sniffer.log.String(), "payload is passed over"); n != 1 {
		t.Errorf("it was said %d times:\n%s", n, &sniffer.log)
	}
	flows := readFlows(t, &sniffer.out)
	if summary.Flows <= packets {
		t.Errorf("%d flows of %d", summary.Flows, packets)
	}
	if !slices.ContainsFunc(flows, func(f *flowRecord) bool { return f.Server.Port == later && slices.Equal(f.Protocols, []string{"dns"}) }) {
		t.Error("what came later has no name")
	}
}

// send sends a datagram to each of so many ports of the server.
func (n *namespace) send(t *testing.T, first uint16, count int, payload string) {
	t.Helper()
	var err error
	n.do(func() {
		var conn *net.UDPConn
		if conn, err = net.ListenUDP("udp4", nil); err != nil {
			return
		}
		defer conn.Close()
		for i := range count {
			to := netip.AddrPortFrom(serverAddr, first+uint16(i))
			if _, err = conn.WriteToUDPAddrPort([]byte(payload), to); err != nil {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
