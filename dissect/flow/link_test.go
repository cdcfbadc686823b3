package flow

import "testing"

func TestLinkFlows(t *testing.T) {
	a, b, group := MAC{2, 0, 0, 0, 0, 1}, MAC{2, 0, 0, 0, 0, 2}, MAC{1, 0x80, 0xc2, 0, 0, 0x0e}
	packet := func(src, dst MAC, field uint8, number uint64, scope uint32) *Packet {
		return &Packet{Link: &Link{Field: field, Number: number, Ends: [2]MAC{src, dst}}, Scope: scope, Length: 60, Payload: 46}
	}
	table := NewTable[struct{}](Config{})
	first, d, fresh := table.Update(packet(b, a, 1, 0x88cc, 0))
	if !fresh || d != FromClient || first.Link.Ends != [2]MAC{b, a} {
		t.Fatalf("fresh %v, direction %v, ends %v", fresh, d, first.Link.Ends)
	}
	if f, d, fresh := table.Update(packet(a, b, 1, 0x88cc, 0)); f != first || d != FromServer || fresh || !f.BothWays() {
		t.Errorf("the answer is no part of the flow: direction %v, fresh %v", d, fresh)
	}
	others := []*Packet{
		packet(b, group, 1, 0x88cc, 0),
		packet(b, a, 1, 0x88cd, 0),
		packet(b, a, 2, 0x88cc, 0),
		packet(b, a, 3, 0x01_0000_88cc, 0),
		packet(b, a, 1, 0x88cc, 7),
		{Src: ap("0.0.0.0:0"), Dst: ap("0.0.0.0:0")},
	}
	for i, p := range others {
		if f, _, fresh := table.Update(p); !fresh || f == first {
			t.Errorf("packet %d belongs to the first flow", i)
		}
	}
	if first.CommunityID() != "" {
		t.Errorf("Community ID %s of frames", first.CommunityID())
	}
	first.Swap(RolesProtocol)
	if first.Link.Ends != [2]MAC{a, b} {
		t.Errorf("ends %v after Swap", first.Link.Ends)
	}
	if got := group.String(); got != "01:80:c2:00:00:0e" {
		t.Errorf("address %s", got)
	}
}

func TestLinkFlowAllocs(t *testing.T) {
	table := NewTable[struct{}](Config{})
	link := Link{Field: 1, Number: 0x0806, Ends: [2]MAC{{2}, {4}}}
	p := Packet{Link: &link}
	table.Update(&p)
	if n := testing.AllocsPerRun(100, func() { table.Update(&p) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
