package live

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sniffid/sniffid/capture"
)

// network is a set of interfaces that exist in a test only.
type network struct {
	mu      sync.Mutex
	links   map[string]*link
	changed chan struct{}
}

// frame is a packet of a link.
type frame struct {
	data      []byte
	timestamp int64
	length    int
}

// link is one of them; it is its own handle.
type link struct {
	network *network
	iface   capture.Interface
	frames  chan frame // closed: the interface has vanished
	refuse  error
	lost    drops
	opened  int
	closed  int
}

func newNetwork(names ...string) *network {
	n := &network{links: make(map[string]*link), changed: make(chan struct{}, 1)}
	for _, name := range names {
		n.add(name, nil)
	}
	return n
}

func (n *network) add(name string, refuse error) *link {
	l := &link{network: n, iface: capture.Interface{Name: name, LinkType: capture.LinkType(len(name))}, frames: make(chan frame), refuse: refuse}
	n.mu.Lock()
	n.links[name] = l
	n.mu.Unlock()
	return l
}

func (n *network) remove(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.links[name].frames)
	delete(n.links, name)
}

func (n *network) open(name string) (handle, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l, ok := n.links[name]
	switch {
	case !ok:
		return nil, ErrNoInterface
	case l.refuse != nil:
		return nil, l.refuse
	}
	l.opened++
	return l, nil
}

func (n *network) up() ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var names []string
	for name := range n.links {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

func (n *network) watch(stop <-chan struct{}, changed func(), _ *slog.Logger) {
	for {
		select {
		case <-stop:
			return
		case <-n.changed:
			changed()
		}
	}
}

var errVanished = errors.New("the interface has vanished")

func (l *link) read(b *batch) error {
	select {
	case f, ok := <-l.frames:
		if !ok {
			return errVanished
		}
		b.add(f.data, f.length, f.timestamp)
		return nil
	case <-time.After(5 * time.Millisecond):
		return capture.ErrTimeout
	}
}

func (l *link) origin() capture.Interface { return l.iface }

func (l *link) drops() drops {
	l.network.mu.Lock()
	defer l.network.mu.Unlock()
	return l.lost
}

func (l *link) interrupt() {}

func (l *link) close() {
	l.network.mu.Lock()
	defer l.network.mu.Unlock()
	l.closed++
}

// send gives the link a packet and waits until it is taken.
func (l *link) send(data string) {
	l.frames <- frame{data: []byte(data), length: len(data), timestamp: 1}
}

func configured(t *testing.T, interfaces ...string) Config {
	t.Helper()
	c, err := Config{Interfaces: interfaces, Timeout: 5 * time.Second}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// next returns "interface:data" of the next packet.
func next(t *testing.T, s capture.Source) string {
	t.Helper()
	var p capture.Packet
	if err := s.Next(&p); err != nil {
		t.Fatalf("Next: %v", err)
	}
	i := s.Interfaces()[p.Interface]
	if i.LinkType != p.LinkType {
		t.Errorf("packet has link type %d, its interface %d", p.LinkType, i.LinkType)
	}
	return i.Name + ":" + string(p.Data)
}

func TestSeveralInterfaces(t *testing.T) {
	n := newNetwork("a", "bb")
	s := newSource(configured(t, "a", "bb"), n.open, n.up)
	if err := s.start([]string{"a", "bb"}); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"a", "bb", "a"} {
		n.links[name].send(fmt.Sprint(i))
		if got, want := next(t, s), fmt.Sprintf("%s:%d", name, i); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	n.links["a"].frames <- frame{data: []byte("cut"), length: 100}
	next(t, s)
	n.mu.Lock()
	n.links["bb"].lost = drops{3, 4}
	n.mu.Unlock()
	time.Sleep(countInterval + 100*time.Millisecond) // an idle reader counts
	want := capture.Stats{Received: 4, Truncated: 1, Dropped: 3, IfDropped: 4}
	if got := s.Stats(); got != want {
		t.Errorf("statistics %+v, want %+v", got, want)
	}
	a, b := n.links["a"], n.links["bb"]
	s.Close()
	if a.closed != 1 || b.closed != 1 {
		t.Errorf("handles were closed %d and %d times", a.closed, b.closed)
	}
	if got := s.Stats(); got != want {
		t.Errorf("statistics after Close %+v, want %+v", got, want)
	}
	if err := s.Next(new(capture.Packet)); err != io.EOF {
		t.Errorf("Next after Close: %v", err)
	}
}

func TestVanishingInterface(t *testing.T) {
	n := newNetwork("a", "b")
	var log syncBuilder
	c := configured(t, "a", "b")
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s := newSource(c, n.open, n.up)
	if err := s.start(c.Interfaces); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n.links["a"].send("1")
	n.remove("a")
	n.links["b"].send("2")
	var got []string
	got = append(got, next(t, s), next(t, s))
	slices.Sort(got)
	if want := []string{"a:1", "b:2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	n.links["b"].send("3") // the last packet is not lost
	n.remove("b")
	if got := next(t, s); got != "b:3" {
		t.Errorf("got %v", got)
	}
	if err := s.Next(new(capture.Packet)); err != io.EOF {
		t.Errorf("after the last interface: %v", err)
	}
	s.Close()
	if n := strings.Count(log.String(), `msg="capture ended"`); n != 2 {
		t.Errorf("%d warnings:\n%s", n, log.String())
	}
}

func TestAnyFollowsInterfaces(t *testing.T) {
	n := newNetwork("lo")
	bad := n.add("bad", errors.New("cannot"))
	s := newSource(configured(t, Any), n.open, n.up)
	if err := s.startAny(n.watch); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n.links["lo"].send("1")
	if got := next(t, s); got != "lo:1" {
		t.Errorf("got %s", got)
	}
	late := n.add("late", nil)
	n.changed <- struct{}{}
	late.send("2") // taken once the interface is open
	if got := next(t, s); got != "late:2" {
		t.Errorf("got %s", got)
	}
	n.remove("late")
	n.remove("lo")
	if err := s.advanceWithin(50 * time.Millisecond); err != capture.ErrTimeout {
		t.Errorf("without any interface: %v", err)
	}
	again := n.add("lo", nil)
	n.mu.Lock()
	bad.refuse = nil
	n.mu.Unlock()
	n.changed <- struct{}{}
	again.send("3")
	if got := next(t, s); got != "lo:3" {
		t.Errorf("got %s", got)
	}
	if n := len(s.Interfaces()); n != 2 {
		t.Errorf("%d interfaces: one that comes back keeps its index", n)
	}
	if bad.opened != 0 {
		t.Error("an interface that was refused is tried at each change")
	}
}

// advanceWithin waits for the next packet no longer than d.
func (s *source) advanceWithin(d time.Duration) error {
	old := s.config.Timeout
	s.config.Timeout = d
	defer func() { s.config.Timeout = old }()
	return s.Next(new(capture.Packet))
}

func TestOpenFails(t *testing.T) {
	n := newNetwork("a")
	n.add("b", fs.ErrPermission)
	if err := newSource(configured(t, "a", "b"), n.open, n.up).start([]string{"a", "b"}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
	if a := n.links["a"]; a.opened != 1 || a.closed != 1 {
		t.Errorf("the handle that opened was closed %d times", a.closed)
	}
	n.remove("a")
	if err := newSource(configured(t, Any), n.open, n.up).startAny(n.watch); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("any: got %v", err)
	}
}

func TestTimeout(t *testing.T) {
	n := newNetwork("a")
	c := configured(t, "a")
	c.Timeout = 10 * time.Millisecond
	s := newSource(c, n.open, n.up)
	if err := s.start(c.Interfaces); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 2 {
		if err := s.Next(new(capture.Packet)); err != capture.ErrTimeout {
			t.Fatalf("got %v", err)
		}
	}
	n.links["a"].send("1")
	for {
		var p capture.Packet
		err := s.Next(&p)
		if err == nil {
			if p.Number != 1 {
				t.Errorf("number %d", p.Number)
			}
			return
		}
		if err != capture.ErrTimeout {
			t.Fatal(err)
		}
	}
}

func TestCloseEndsNext(t *testing.T) {
	n := newNetwork("a")
	c := configured(t, "a")
	c.Timeout = time.Minute
	s := newSource(c, n.open, n.up)
	if err := s.start(c.Interfaces); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- s.Next(new(capture.Packet)) }()
	time.Sleep(10 * time.Millisecond)
	s.Close()
	select {
	case err := <-ended:
		if err != io.EOF {
			t.Errorf("Next returned %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Next still waits")
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

// Whoever closes finds the interfaces released, also while another one closes.
func TestCloseWaits(t *testing.T) {
	for range 20 {
		n := newNetwork("a")
		l := n.links["a"]
		c := configured(t, "a")
		s := newSource(c, n.open, n.up)
		if err := s.start(c.Interfaces); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond) // it reads
		var closing sync.WaitGroup
		for range 3 {
			closing.Go(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				n.mu.Lock()
				defer n.mu.Unlock()
				if l.opened != 1 || l.closed != 1 {
					t.Errorf("closed, and the interface was opened %d times and released %d times", l.opened, l.closed)
				}
			})
		}
		closing.Wait()
	}
}

func TestConfig(t *testing.T) {
	for want, c := range map[string]Config{
		"no interface given":               {},
		"give it alone":                    {Interfaces: []string{"a", Any}},
		"an interface is given":            {Interfaces: []string{"a", "b", "a"}},
		"cannot be negative":               {Interfaces: []string{"a"}, SnapLength: -1},
		"batch and timeout cannot be nega": {Interfaces: []string{"a"}, Timeout: -1},
	} {
		if _, err := Open(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// What has come until the capture is told to end is handed out, later packets are not.
func TestStop(t *testing.T) {
	n := newNetwork("a")
	l := n.links["a"]
	l.frames = make(chan frame, 8)
	s := newSource(configured(t, "a"), n.open, n.up)
	if err := s.start([]string{"a"}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Now()
	for i := range 3 {
		l.frames <- frame{data: []byte{'0' + byte(i)}, length: 1, timestamp: now.UnixNano()}
	}
	s.Stop()
	l.frames <- frame{data: []byte("late"), length: 4, timestamp: now.Add(time.Hour).UnixNano()}
	for _, want := range []string{"a:0", "a:1", "a:2"} {
		if got := next(t, s); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	var p capture.Packet
	if err := s.Next(&p); !errors.Is(err, io.EOF) {
		t.Errorf("%v and %q, want the end", err, p.Data)
	}
	s.Stop() // again
}

// One that captures on everything ends as well.
func TestStopAny(t *testing.T) {
	n := newNetwork()
	s := newSource(configured(t, Any), n.open, n.up)
	if err := s.startAny(n.watch); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Stop()
	var p capture.Packet
	if err := s.Next(&p); !errors.Is(err, io.EOF) {
		t.Errorf("%v, want the end", err)
	}
}
