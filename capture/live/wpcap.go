package live

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
)

// The structures of wpcap.dll are decoded from bytes, so that this can be
// tested on any system. All Windows systems are little-endian.

// memory returns n bytes at an address of this process, or nil for address 0.
type memory func(address uint64, n int) []byte

// layout is how wpcap.dll lays out its structures for one size of pointers.
type layout struct {
	pointer int // bytes: 4 or 8
}

// address reads the i-th pointer of a structure that begins with pointers.
func (l layout) address(b []byte, i int) uint64 {
	b = b[i*l.pointer:]
	if l.pointer == 4 {
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}

// Bounds on what is believed of a list.
const (
	maxDevices   = 4096
	maxAddresses = 256  // of a device
	maxText      = 4096 // bytes
)

// devices walks a list of struct pcap_if: next, name, description, addresses,
// flags (pcap/pcap.h).
func (l layout) devices(at uint64, mem memory) []Device {
	var devices []Device
	for ; at != 0 && len(devices) < maxDevices; at = l.address(mem(at, l.pointer), 0) {
		b := mem(at, 4*l.pointer+4)
		flags := binary.LittleEndian.Uint32(b[4*l.pointer:])
		devices = append(devices, Device{
			Name:        cString(l.address(b, 1), mem),
			Description: cString(l.address(b, 2), mem),
			Addresses:   l.addresses(l.address(b, 3), mem),
			Up:          flags&deviceUp != 0,
			Loopback:    flags&deviceLoopback != 0,
		})
	}
	return devices
}

// Flags of struct pcap_if.
const (
	deviceLoopback = 1
	deviceUp       = 2
)

// addresses walks a list of struct pcap_addr: next, addr, …
func (l layout) addresses(at uint64, mem memory) []netip.Addr {
	var addresses []netip.Addr
	for n := 0; at != 0 && n < maxAddresses; n++ {
		b := mem(at, 2*l.pointer)
		if sa := l.address(b, 1); sa != 0 {
			if a, ok := socketAddress(sa, mem); ok {
				addresses = append(addresses, a)
			}
		}
		at = l.address(b, 0)
	}
	return addresses
}

// Address families and sockaddr sizes of Windows (ws2def.h, ws2ipdef.h).
const (
	familyIPv4, sockaddrIPv4Len = 2, 16
	familyIPv6, sockaddrIPv6Len = 23, 28
)

// socketAddress reads a sockaddr; of those that are no IP address only the
// family is looked at.
func socketAddress(at uint64, mem memory) (netip.Addr, bool) {
	switch binary.LittleEndian.Uint16(mem(at, 2)) {
	case familyIPv4:
		return netip.AddrFrom4([4]byte(mem(at, sockaddrIPv4Len)[4:])), true
	case familyIPv6:
		return netip.AddrFrom16([16]byte(mem(at, sockaddrIPv6Len)[8:])).Unmap(), true
	}
	return netip.Addr{}, false
}

// cString reads up to a NUL.
func cString(at uint64, mem memory) string {
	if at == 0 {
		return ""
	}
	var text []byte
	for len(text) < maxText {
		b := mem(at+uint64(len(text)), 1)
		if b[0] == 0 {
			break
		}
		text = append(text, b[0])
	}
	return string(text)
}

// packetHeaderLen is the size in bytes of struct pcap_pkthdr on Windows, where
// a long, and so a timeval's field, has 32 bits.
const packetHeaderLen = 16

// packetHeader reads a struct pcap_pkthdr with microseconds.
func packetHeader(b []byte) (timestamp int64, captured, length int) {
	_ = b[packetHeaderLen-1]
	timestamp = int64(binary.LittleEndian.Uint32(b))*1e9 + int64(binary.LittleEndian.Uint32(b[4:]))*1e3
	return timestamp, int(binary.LittleEndian.Uint32(b[8:])), int(binary.LittleEndian.Uint32(b[12:]))
}

// instructionLen is the size in bytes of struct bpf_insn.
const instructionLen = 8

// instructions reads an array of struct bpf_insn.
func instructions(b []byte) []instruction {
	var program []instruction
	for c := range slices.Chunk(b, instructionLen) {
		program = append(program, instruction{
			code: binary.LittleEndian.Uint16(c), jt: c[2], jf: c[3], k: binary.LittleEndian.Uint32(c[4:]),
		})
	}
	return program
}

// errorText reads a buffer of PCAP_ERRBUF_SIZE bytes.
func errorText(b []byte) string {
	text, _, _ := bytes.Cut(b, []byte{0})
	return string(text)
}

// resolve finds the device that a name stands for: the device's own name, its
// description, or its number in the list from 1.
func resolve(name string, devices []Device) (string, bool) {
	for _, d := range devices {
		if d.Name == name || d.Description != "" && d.Description == name {
			return d.Name, true
		}
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= len(devices) {
		return devices[n-1].Name, true
	}
	return "", false
}
