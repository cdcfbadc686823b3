package flow_test

import (
	"fmt"
	"net/netip"

	"github.com/sniffid/sniffid/dissect/flow"
)

// printer is a sink that prints what it is given.
type printer struct{}

func (printer) Deliver(d flow.Direction, s flow.Segment) {
	fmt.Printf("packet %d, %v: %s\n", s.Packet, d, s.Data)
}

// A table finds the flow of each packet; the value that is kept per flow puts
// its bytes in order.
func Example() {
	var (
		client = netip.MustParseAddrPort("192.0.2.1:40000")
		server = netip.MustParseAddrPort("192.0.2.2:22")
		bounds flow.Bounds
	)
	const tcp, syn, ack = 6, 0x02, 0x10
	table := flow.NewTable[flow.Conversation](flow.Config{})
	table.OnSwap = func(f *flow.Flow[flow.Conversation]) { f.Value.Swap() }
	table.OnEnd = func(f *flow.Flow[flow.Conversation]) {
		f.Value.Flush(&bounds, printer{})
		fmt.Println(f.Client(), "->", f.Server(), f.Roles, f.State)
	}
	for i, p := range []struct {
		src, dst netip.AddrPort
		flags    uint8
		seq      uint32
		data     string
	}{
		{client, server, syn, 99, ""},
		{server, client, syn | ack, 499, ""},
		{server, client, ack, 508, "OpenSSH\n"}, // overtook the next
		{server, client, ack, 500, "SSH-2.0-"},
	} {
		f, direction, _ := table.Update(&flow.Packet{
			Number: uint64(i) + 1, Src: p.src, Dst: p.dst, Proto: tcp, Flags: p.flags, Seq: p.seq,
			Length: 40 + len(p.data), Payload: len(p.data),
		})
		f.Value.Push(direction, &flow.TCP{
			Seq: p.seq, Flags: p.flags, Payload: []byte(p.data), Packet: uint64(i) + 1,
		}, &bounds, printer{})
	}
	table.Flush()
	// Output:
	// packet 4, server: SSH-2.0-
	// packet 3, server: OpenSSH
	//
	// 192.0.2.1:40000 -> 192.0.2.2:22 handshake established
}
