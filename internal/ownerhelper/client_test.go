package ownerhelper

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/correlate/owner"
)

// table is a machine of a test.
type table struct {
	sockets []owner.Socket
	asked   owner.Query
	refuse  error
}

func (t *table) Lookup(q owner.Query) owner.Owner {
	t.asked = q
	return owner.Owner{PID: int(q.Local.Port()), Name: "named", Quality: owner.Exact}
}
func (t *table) Snapshot() []owner.Socket      { return t.sockets }
func (t *table) Refresh(context.Context) error { return t.refuse }
func (t *table) Close() error                  { return nil }
func (t *table) Local(addr netip.Addr) bool    { return addr.IsLoopback() }
func (t *table) Method() string                { return "a test" }

// connect has a client and a table talk. Stop ends the table's side.
func connect(t *testing.T, m *table, weaker error) (c *Client, ended chan error, stop func()) {
	t.Helper()
	ours, theirs := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = Serve(theirs, m, weaker)
		theirs.Close()
	}()
	ended = make(chan error, 10)
	c = NewClient(ours, func(err error) { ended <- err })
	stop = func() {
		theirs.Close()
		<-done
	}
	t.Cleanup(func() {
		c.Close()
		<-done
	})
	return c, ended, stop
}

func TestClient(t *testing.T) {
	m := &table{refuse: errors.New("can't be read")}
	for i := range 3000 {
		m.sockets = append(m.sockets, owner.Socket{
			Transport: "tcp", Local: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(i)), State: "LISTENING", Owner: owner.Owner{PID: i, Name: "x"},
		})
	}
	c, _, _ := connect(t, m, errors.New("no BPF"))
	if err := c.Greet(); err == nil || err.Error() != "no BPF" {
		t.Errorf("weaker: %v", err)
	}
	if got := c.Method(); got != "a test" {
		t.Error(got)
	}
	if err := c.Refresh(t.Context()); err == nil || err.Error() != "can't be read" {
		t.Errorf("refresh: %v", err)
	}
	if diff := cmp.Diff(m.sockets, c.Snapshot(), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if !c.Local(netip.MustParseAddr("127.0.0.1")) || c.Local(netip.MustParseAddr("192.0.2.1")) {
		t.Error("local addresses")
	}
	q := owner.Query{Transport: "udp", Local: netip.MustParseAddrPort("127.0.0.1:53"), Remote: netip.MustParseAddrPort("127.0.0.1:5000"), Answers: true, Time: time.Unix(7, 8)}
	if got := c.Lookup(q); got.PID != 53 || m.asked != q {
		t.Errorf("%+v, asked %+v", got, m.asked)
	}
	r := q
	r.Local, r.Remote = q.Remote, q.Local
	var owners [2]owner.Owner
	if c.LookupAll([]owner.Query{q, r}, owners[:]); owners[0].PID != 53 || owners[1].PID != 5000 || m.asked != r {
		t.Errorf("%+v, asked %+v last", owners, m.asked)
	}
	many := make([]owner.Query, 3*together+1)
	for i := range many {
		many[i].Local = netip.AddrPortFrom(q.Local.Addr(), uint16(i+1))
	}
	all := make([]owner.Owner, len(many))
	c.LookupAll(many, all)
	for i := range all {
		if all[i].PID != i+1 {
			t.Fatalf("asked for %d, got %+v", i+1, all[i])
		}
	}
	var askers sync.WaitGroup
	for i := range 8 {
		askers.Go(func() {
			for n := range 200 {
				port := uint16(i*200 + n + 1)
				if got := c.Lookup(owner.Query{Local: netip.AddrPortFrom(q.Local.Addr(), port)}); got.PID != int(port) {
					t.Errorf("asked for %d, got %d", port, got.PID)
				}
			}
		})
	}
	askers.Wait()
}

// When the other side ends, that is said once, and every question has an answer.
func TestEnd(t *testing.T) {
	c, ended, stop := connect(t, &table{}, nil)
	local := netip.MustParseAddr("127.0.0.1")
	c.Local(local)
	stop()
	for range 3 {
		if got := c.Lookup(owner.Query{Transport: "tcp"}); got.Reason != owner.LookupsEnded || got.Known() {
			t.Errorf("%+v", got)
		}
	}
	if !c.Local(local) {
		t.Error("what was known of addresses is forgotten")
	}
	if c.Refresh(t.Context()) == nil || c.Snapshot() != nil {
		t.Error("a table, from nowhere")
	}
	<-ended
	c.Fail(errors.New("the process has ended"))
	c.Close()
	time.Sleep(20 * time.Millisecond)
	if len(ended) > 0 {
		t.Error("it is said again")
	}
}

func TestCloseSaysNothing(t *testing.T) {
	c, ended, _ := connect(t, &table{}, nil)
	c.Greet()
	c.Close()
	c.Fail(errors.New("the process has ended"))
	time.Sleep(20 * time.Millisecond)
	if len(ended) > 0 {
		t.Error(<-ended)
	}
	if got := c.Lookup(owner.Query{}); got.Reason != owner.LookupsEnded {
		t.Errorf("%+v", got)
	}
}

// What is no question ends the service.
func TestNoQuestion(t *testing.T) {
	ours, theirs := net.Pipe()
	done := make(chan error)
	go func() { done <- Serve(theirs, &table{}, nil) }()
	if _, err := readAnswer(ours, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := ours.Write(make([]byte, questionSize)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, errQuestion) {
		t.Error(err)
	}
}

func BenchmarkLookup(b *testing.B) {
	ours, theirs := net.Pipe()
	go func() { _ = Serve(theirs, &table{}, nil) }()
	c := NewClient(ours, nil)
	defer c.Close()
	for b.Loop() {
		c.Lookup(owner.Query{Transport: "tcp"})
	}
}
