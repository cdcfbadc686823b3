package pcapfile

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/capture"
)

// order is a byte order in which tests build files.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// header is a pcap file header.
func header(o order, magic uint32, minor uint16, snap, link uint32) []byte {
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(b, 2)
	b = o.AppendUint16(b, minor)
	b = o.AppendUint64(b, 0)
	b = o.AppendUint32(b, snap)
	return o.AppendUint32(b, link)
}

// record is a pcap record; extra follows the usual 16 bytes of its header.
func record(o order, sec, sub uint32, length int, data string, extra ...byte) []byte {
	b := o.AppendUint32(nil, sec)
	b = o.AppendUint32(b, sub)
	b = o.AppendUint32(b, uint32(len(data)))
	b = o.AppendUint32(b, uint32(length))
	b = append(b, extra...)
	return append(b, data...)
}

// block is a pcapng block.
func block(o order, kind uint32, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	b := o.AppendUint32(nil, kind)
	b = o.AppendUint32(b, uint32(len(body)+12))
	b = append(b, body...)
	return o.AppendUint32(b, uint32(len(body)+12))
}

func section(o order) []byte {
	b := o.AppendUint32(nil, byteOrderMagic)
	b = o.AppendUint16(b, 1)
	b = o.AppendUint16(b, 0)
	return block(o, blockSection, o.AppendUint64(b, 1<<64-1))
}

func iface(o order, link uint16, snap uint32, options ...[]byte) []byte {
	b := o.AppendUint16(nil, link)
	b = o.AppendUint16(b, 0)
	return block(o, blockInterface, o.AppendUint32(b, snap), concat(options...))
}

func option(o order, code uint16, value []byte) []byte {
	b := o.AppendUint16(nil, code)
	b = o.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func enhanced(o order, iface uint32, ticks uint64, length int, data string, options ...[]byte) []byte {
	b := o.AppendUint32(nil, iface)
	b = o.AppendUint32(b, uint32(ticks>>32))
	b = o.AppendUint32(b, uint32(ticks))
	b = o.AppendUint32(b, uint32(len(data)))
	b = o.AppendUint32(b, uint32(length))
	b = append(b, data...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return block(o, blockEnhancedPacket, b, concat(options...))
}

func simple(o order, length uint32, data string) []byte {
	return block(o, blockSimplePacket, o.AppendUint32(nil, length), []byte(data))
}

func process(o order, pid uint32, options ...[]byte) []byte {
	return block(o, blockDarwinProcess, o.AppendUint32(nil, pid), concat(options...))
}

func concat(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// readAll returns copies of all packets and the error that ended them.
func readAll(s capture.Source) ([]capture.Packet, error) {
	var packets []capture.Packet
	for {
		var p capture.Packet
		if err := s.Next(&p); err != nil {
			return packets, err
		}
		p.Data = append([]byte{}, p.Data...)
		p.Comments = append([]string(nil), p.Comments...)
		if p.Process != nil {
			q := *p.Process
			p.Process = &q
		}
		packets = append(packets, p)
	}
}

// diff reports how got differs from want. An empty list equals none.
func diff[T any](t *testing.T, want, got []T) {
	t.Helper()
	if len(want) == 0 && len(got) == 0 {
		return
	}
	if d := cmp.Diff(want, got, cmp.Comparer(bytes.Equal)); d != "" {
		t.Errorf("mismatch (-want +got):\n%s", d)
	}
}
