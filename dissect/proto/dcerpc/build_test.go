package dcerpc

import (
	"encoding/binary"
	"slices"
	"unicode/utf16"
)

// builder writes PDUs in one byte order.
type builder struct{ order binary.AppendByteOrder }

var (
	little = builder{binary.LittleEndian}
	big    = builder{binary.BigEndian}
)

var (
	ndr32 = mustUUID("8a885d04-1ceb-11c9-9fe8-08002b104860")
	samr  = mustUUID("12345778-1234-abcd-ef00-0123456789ac")
	lsa   = mustUUID("12345778-1234-abcd-ef00-0123456789ab")
)

// pdu puts the common header before body; auth are the credentials.
func (w builder) pdu(kind, flags byte, call uint32, body, auth []byte) []byte {
	format := byte(0x10)
	if w.order == binary.AppendByteOrder(binary.BigEndian) {
		format = 0
	}
	if auth != nil {
		body = slices.Concat(body, []byte{10, 2, 0, 0, 0, 0, 0, 0}, auth)
	}
	b := []byte{5, 0, kind, flags, format, 0, 0, 0}
	b = w.order.AppendUint16(b, uint16(16+len(body)))
	b = w.order.AppendUint16(b, uint16(len(auth)))
	b = w.order.AppendUint32(b, call)
	return append(b, body...)
}

func (w builder) uuid(b []byte, u uuid) []byte {
	b = w.order.AppendUint32(b, binary.BigEndian.Uint32(u[0:]))
	b = w.order.AppendUint16(b, binary.BigEndian.Uint16(u[4:]))
	b = w.order.AppendUint16(b, binary.BigEndian.Uint16(u[6:]))
	return append(b, u[8:]...)
}

func (w builder) bind(call uint32, auth []byte, ifaces ...uuid) []byte {
	b := []byte{0xB8, 0x10, 0xB8, 0x10, 0, 0, 0, 0, byte(len(ifaces)), 0, 0, 0}
	for i, u := range ifaces {
		b = w.order.AppendUint16(b, uint16(i))
		b = append(b, 1, 0)
		b = append(w.uuid(b, u), 1, 0, 0, 0)
		b = append(w.uuid(b, ndr32), 2, 0, 0, 0)
	}
	return w.pdu(pduBind, 3, call, b, auth)
}

func (w builder) bindAck(call uint32, address string, results ...uint16) []byte {
	b := []byte{0xB8, 0x10, 0xB8, 0x10, 1, 0, 0, 0}
	b = w.order.AppendUint16(b, uint16(len(address)+1))
	b = append(append(b, address...), 0)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	b = append(b, byte(len(results)), 0, 0, 0)
	for _, result := range results {
		b = w.order.AppendUint16(b, result)
		b = append(b, 0, 0)
		b = append(w.uuid(b, ndr32), 2, 0, 0, 0)
	}
	return w.pdu(pduBindAck, 3, call, b, nil)
}

func (w builder) request(call uint32, ctx, opnum uint16, stub []byte) []byte {
	b := w.order.AppendUint32(nil, uint32(len(stub)))
	b = w.order.AppendUint16(b, ctx)
	b = w.order.AppendUint16(b, opnum)
	return w.pdu(pduRequest, 3, call, append(b, stub...), nil)
}

func (w builder) response(flags byte, call uint32, stub []byte) []byte {
	b := w.order.AppendUint32(nil, uint32(len(stub)))
	return w.pdu(pduResponse, flags, call, append(append(b, 0, 0, 0, 0), stub...), nil)
}

// tower makes the protocol tower of a TCP endpoint.
func tower(iface uuid, transport byte, port uint16, ip [4]byte) []byte {
	floor := func(b, left, right []byte) []byte {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(left)))
		b = append(b, left...)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(right)))
		return append(b, right...)
	}
	b := []byte{5, 0}
	b = floor(b, append(little.uuid([]byte{floorUUID}, iface), 1, 0), []byte{0, 0})
	b = floor(b, append(little.uuid([]byte{floorUUID}, ndr32), 2, 0), []byte{0, 0})
	if transport == floorUDP {
		b = floor(b, []byte{floorConnectionless}, []byte{0, 0})
	} else {
		b = floor(b, []byte{floorConnection}, []byte{0, 0})
	}
	b = floor(b, []byte{transport}, binary.BigEndian.AppendUint16(nil, port))
	return floor(b, []byte{floorIP}, ip[:])
}

func pad(b []byte, n int) []byte {
	for len(b)%n != 0 {
		b = append(b, 0)
	}
	return b
}

// count appends a count or pointer of 4 or 8 bytes.
func (w builder) count(b []byte, word int, v uint32) []byte {
	b = pad(b, word)
	if word == 8 {
		return w.order.AppendUint64(b, uint64(v))
	}
	return w.order.AppendUint32(b, v)
}

// mapStub makes the stub of an ept_map response.
func (w builder) mapStub(word int, towers ...[]byte) []byte {
	n := uint32(len(towers))
	b := w.order.AppendUint32(make([]byte, contextHandle), n)
	for _, v := range []uint32{n, 0, n} {
		b = w.count(b, word, v)
	}
	for range towers {
		b = w.count(b, word, 3)
	}
	return w.order.AppendUint32(pad(w.towers(b, word, towers), 4), 0)
}

func (w builder) towers(b []byte, word int, towers [][]byte) []byte {
	for _, t := range towers {
		b = w.count(b, word, uint32(len(t)))
		b = append(w.order.AppendUint32(b, uint32(len(t))), t...)
	}
	return b
}

// lookupStub makes the stub of an ept_lookup response.
func (w builder) lookupStub(annotation string, towers ...[]byte) []byte {
	n := uint32(len(towers))
	b := w.order.AppendUint32(make([]byte, contextHandle), n)
	for _, v := range []uint32{n, 0, n} {
		b = w.count(b, 4, v)
	}
	for range towers {
		b = append(pad(b, 4), make([]byte, 16)...)
		b = w.count(b, 4, 3)
		b = w.count(b, 4, 0)
		b = w.count(b, 4, uint32(len(annotation)+1))
		b = append(append(b, annotation...), 0)
	}
	return w.towers(b, 4, towers)
}

func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return append(b, 0, 0)
}

// datagram makes a connectionless PDU.
func (w builder) datagram(kind byte, iface uuid, seq uint32, opnum uint16, body []byte) []byte {
	format := byte(0x10)
	if w.order == binary.AppendByteOrder(binary.BigEndian) {
		format = 0
	}
	b := []byte{4, kind, 0x20, 0, format, 0, 0, 0}
	b = append(b, make([]byte, 16)...)
	b = w.uuid(b, iface)
	b = w.uuid(b, samr) // activity
	b = w.order.AppendUint32(b, 0)
	b = w.order.AppendUint32(b, 1)
	b = w.order.AppendUint32(b, seq)
	b = w.order.AppendUint16(b, opnum)
	b = append(b, 0xFF, 0xFF, 0xFF, 0xFF)
	b = w.order.AppendUint16(b, uint16(len(body)))
	b = append(b, 0, 0, 0, 0)
	return append(b, body...)
}
