package pipeline

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect/flow"
)

// asked is a table of owners that notes how many questions come together.
type asked struct {
	owners
	together []int
}

func (a *asked) Lookup(q owner.Query) owner.Owner {
	a.together = append(a.together, 1)
	return a.owners.Lookup(q)
}

func (a *asked) LookupAll(queries []owner.Query, found []owner.Owner) {
	a.together = append(a.together, len(queries))
	for i := range queries {
		found[i] = a.owners.Lookup(queries[i])
	}
}

// conversations are the packets of a few flows to one server, in turn.
func conversations(n int, closing bool) (frames [][]byte) {
	var all [][][]byte
	for i := range n {
		w := newWire(fmt.Sprintf("10.0.0.1:%d", 40000+i), "10.0.0.2:8080")
		one := append(w.handshake(), w.tcp(fromClient, "PA", httpRequest), w.tcp(fromServer, "PA", httpResponse))
		if closing {
			one = append(one, w.tcp(fromServer, "R", ""))
		}
		all = append(all, one)
	}
	for i := range all[0] {
		for _, one := range all {
			frames = append(frames, one[i])
		}
	}
	return frames
}

// With Gather, owners are asked for together, and a flow is told about once.
func TestGather(t *testing.T) {
	const flows = 5
	var told []string
	table := &asked{owners: owners{netip.MustParseAddrPort("10.0.0.2:8080")}}
	p := start(t, Config{
		Owners: table, Gather: time.Hour,
		OnUpdate: func(f *Flow) { told = append(told, fmt.Sprint(f.Client.Port, " ", stack(f), " ", f.Server.Owner.Name)) },
	}, &outcome{})
	for i, b := range conversations(flows, false) {
		if err := p.Packet(frame(i+1, b)); err != nil {
			t.Fatal(err)
		}
	}
	if told != nil || table.together != nil {
		t.Fatalf("told %q, asked %d before it is time", told, table.together)
	}
	p.Tell()
	var want []string
	for i := range flows {
		want = append(want, fmt.Sprint(40000+i, " http served"))
	}
	slices.Sort(told)
	if !slices.Equal(told, want) || !slices.Equal(table.together, []int{2 * flows}) {
		t.Errorf("told %q, asked %d", told, table.together)
	}
	p.Tell()
	if len(told) != flows || len(table.together) != 1 {
		t.Errorf("without news: told %q, asked %d", told, table.together)
	}
	// The listener is no exact answer: at the end it is asked for again.
	p.Finish()
	if !slices.Equal(table.together, []int{2 * flows, 2 * flows}) {
		t.Errorf("asked %d at the end", table.together)
	}
}

// A flow that ends is told about before; none is told about that has ended.
func TestGatherEnds(t *testing.T) {
	var order []string
	p := start(t, Config{
		Gather:   time.Hour,
		Flows:    flow.Config{MaxFlows: 2},
		OnUpdate: func(f *Flow) { order = append(order, fmt.Sprint("update ", f.Client.Port)) },
	}, &outcome{})
	p.config.OnFlow = func(f *Flow) { order = append(order, fmt.Sprint("flow ", f.Client.Port)) }
	frames := conversations(1, true)
	for i := range 4 {
		w := newWire(fmt.Sprintf("10.0.0.3:%d", 50000+i), "10.0.0.2:8080")
		frames = append(frames, w.tcp(fromClient, "S", ""))
	}
	for i, b := range frames {
		if err := p.Packet(frame(i+1, b)); err != nil {
			t.Fatal(err)
		}
	}
	p.Tell()
	at := slices.Index(order, "update 40000")
	if at < 0 || slices.Index(order, "flow 40000") < at || slices.Contains(order[at+1:], "update 40000") {
		t.Errorf("the order is %q", order)
	}
}

// While packets come, Run tells the news in time.
func TestGatherInTime(t *testing.T) {
	updates := 0
	p := start(t, Config{Gather: time.Millisecond, OnUpdate: func(*Flow) { updates++ }}, &outcome{})
	n := 0
	packet := func(b []byte) {
		n++
		if err := p.Packet(frame(n, b)); err != nil {
			t.Fatal(err)
		}
		p.due()
	}
	for _, b := range conversations(1, false) {
		packet(b)
	}
	w := newWire("10.0.0.9:1000", "10.0.0.2:53")
	for begun := time.Now(); updates == 0 && time.Since(begun) < 10*time.Second; {
		packet(w.datagram(fromClient, "?"))
	}
	if updates == 0 {
		t.Error("no update in ten seconds")
	}
}
