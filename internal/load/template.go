//go:build linux

package main

import (
	"encoding/binary"
	"strings"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/builtin"
	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/internal/pipeline"
	"github.com/sniffid/sniffid/signatures"
)

// template is an exchange as frames, in which the client's address and port are filled
// in for each flow.
type template struct {
	port   uint16 // the server's
	stack  string // what it is, the layers separated by spaces
	frames []frame
}

type frame struct {
	bytes []byte
	from  flow.Direction
}

// Where the fields are that make a flow: Ethernet, IPv4 without options, TCP or UDP.
const (
	srcAddr, dstAddr = 14 + 12, 14 + 16
	srcPort, dstPort = 14 + 20, 14 + 22
	seqAt            = 14 + 24
)

// firstPort is that of the first example: no port says what is spoken there.
const firstPort = 20000

// segment is how much a packet of TCP carries at most, in bytes.
const segment = 1400

// examples are the exchanges of all signatures that stand for themselves.
func examples() ([]template, error) {
	set, err := signatures.Load(signatures.Builtin(), builtin.All())
	if err != nil {
		return nil, err
	}
	engine, err := dissect.NewEngine(set.Protocols(), dissect.Config{})
	if err != nil {
		return nil, err
	}
	var out []template
	for _, file := range set.Files() {
		all, err := file.Examples()
		if err != nil {
			return nil, err
		}
		for _, e := range all {
			usual := !e.Counter && !e.Middle && e.Pcap == "" && len(e.Expects) == 0 && len(e.Protocols) > 0 && len(e.Exchange) > 0
			if !usual || e.Transport != "tcp" && e.Transport != "udp" {
				continue
			}
			if t := build(e, firstPort+uint16(len(out))); t.holds(engine) {
				out = append(out, t)
			}
		}
	}
	return out, nil
}

// holds reports whether the flow gets its name when nothing is lost. A few need addresses
// of their own, or are tunnels, which are no flows.
func (t *template) holds(engine *dissect.Engine) bool {
	stack := ""
	p := pipeline.New(pipeline.Config{Engine: engine, OnFlow: func(f *pipeline.Flow) {
		if f.Server.Port == t.port {
			stack = strings.Join(f.Answer.Protocols, " ")
		}
	}})
	for i := range t.frames {
		b := t.frames[i].client(0)
		packet := capture.Packet{Data: b, Length: len(b), LinkType: capture.LinkEthernet, Number: uint64(i + 1)}
		if p.Packet(&packet) != nil {
			return false
		}
	}
	p.Finish()
	return stack == t.stack
}

func build(e *signatures.Example, port uint16) template {
	t := template{port: port, stack: strings.Join(e.Protocols, " ")}
	if e.Transport == "udp" {
		for _, turn := range e.Exchange {
			t.frames = append(t.frames, frame{datagram(port, turn.From, turn.Data), turn.From})
		}
		return t
	}
	c := connection{port: port, seq: [2]uint32{1000, 5000}}
	t.frames = c.open(t.frames)
	for _, turn := range e.Exchange {
		for rest := turn.Data; len(rest) > 0; {
			n := min(segment, len(rest))
			t.frames = append(t.frames, c.segment(turn.From, ack|psh, rest[:n]))
			rest = rest[n:]
		}
	}
	for _, d := range []flow.Direction{flow.FromClient, flow.FromServer} {
		t.frames = append(t.frames, c.segment(d, fin|ack, nil))
	}
	t.frames = append(t.frames, c.segment(flow.FromClient, ack, nil))
	return t
}

// ip begins a frame; the addresses are the server's in both places.
func ip(protocol byte, d flow.Direction, port uint16, transport, payload int) []byte {
	b := make([]byte, 14+20+transport, 14+20+transport+payload)
	copy(b, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00\x45")
	binary.BigEndian.PutUint16(b[16:], uint16(20+transport+payload))
	b[22], b[23] = 64, protocol
	at := dstAddr
	if d == flow.FromServer {
		at = srcAddr
	}
	copy(b[at:], []byte{198, 18, 0, 1}) // RFC 2544, appendix C
	at = dstPort
	if d == flow.FromServer {
		at = srcPort
	}
	binary.BigEndian.PutUint16(b[at:], port)
	return b
}

func datagram(port uint16, d flow.Direction, data []byte) []byte {
	b := ip(17, d, port, 8, len(data))
	binary.BigEndian.PutUint16(b[14+24:], uint16(8+len(data)))
	return append(b, data...)
}

// The flags of TCP.
const (
	fin = 0x01
	syn = 0x02
	psh = 0x08
	ack = 0x10
)

// connection makes the segments of a connection.
type connection struct {
	port uint16
	seq  [2]uint32
}

func (c *connection) open(frames []frame) []frame {
	return append(frames,
		c.segment(flow.FromClient, syn, nil), c.segment(flow.FromServer, syn|ack, nil), c.segment(flow.FromClient, ack, nil))
}

func (c *connection) segment(d flow.Direction, flags byte, data []byte) frame {
	b := ip(6, d, c.port, 20, len(data))
	binary.BigEndian.PutUint32(b[seqAt:], c.seq[d])
	if flags&ack != 0 {
		binary.BigEndian.PutUint32(b[seqAt+4:], c.seq[d^1])
	}
	b[14+32], b[14+33] = 5<<4, flags
	binary.BigEndian.PutUint16(b[14+34:], 64000)
	c.seq[d] += uint32(len(data))
	if flags&(syn|fin) != 0 {
		c.seq[d]++
	}
	return frame{append(b, data...), d}
}

// client fills in the client of the n-th flow.
func (f *frame) client(n uint64) []byte {
	addr, port := srcAddr, srcPort
	if f.from == flow.FromServer {
		addr, port = dstAddr, dstPort
	}
	binary.BigEndian.PutUint32(f.bytes[addr:], 10<<24|uint32(n>>14)&0xff_ffff)
	binary.BigEndian.PutUint16(f.bytes[port:], 32768+uint16(n&0x3fff))
	return f.bytes
}
