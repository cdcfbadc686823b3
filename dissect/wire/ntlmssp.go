package wire

import (
	"encoding/binary"
	"strconv"
	"unicode/utf16"
)

const (
	ntlmSignature = "NTLMSSP\x00"
	maxNTLMName   = 512 // bytes of a name
	maxNTLMPairs  = 32  // AV_PAIRs of one message

	// MS-NLMP §2.2.2.5
	ntlmUnicode = 1 << 0
	ntlmVersion = 1 << 25
)

// readNTLM reads the message that begins with b (MS-NLMP §2.2.1). Challenges and
// responses are not among what it hands on.
func readNTLM(b []byte, attribute func(name, value string)) {
	m := ntlmMessage{data: b}
	switch m.u32(8) {
	case 1:
		flags := m.u32(12)
		attribute("ntlmssp.negotiate.domain", m.oem(16))
		attribute("ntlmssp.negotiate.callingworkstation", m.oem(24))
		if flags&ntlmVersion != 0 {
			attribute("ntlmssp.version", m.version(32))
		}
	case 2:
		flags := m.u32(20)
		attribute("ntlmssp.challenge.target_name", m.name(12, flags))
		if flags&ntlmVersion != 0 {
			attribute("ntlmssp.challenge.version", m.version(48))
		}
		m.targetInfo(m.field(40), attribute)
	case 3:
		flags := m.u32(60)
		attribute("ntlmssp.auth.domain", m.name(28, flags))
		attribute("ntlmssp.auth.username", m.name(36, flags))
		attribute("ntlmssp.auth.hostname", m.name(44, flags))
		if flags&ntlmVersion != 0 {
			attribute("ntlmssp.version", m.version(64))
		}
	}
}

// ntlmMessage is a message from its signature on. What lies beyond its end
// reads as nothing.
type ntlmMessage struct{ data []byte }

func (m ntlmMessage) bytes(at, n int) []byte {
	if at < 0 || n < 0 || at > len(m.data) || n > len(m.data)-at {
		return nil
	}
	return m.data[at : at+n]
}

func (m ntlmMessage) u32(at int) uint32 {
	if b := m.bytes(at, 4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// field returns what the length and offset at at point to (MS-NLMP §2.2.2.10
// has the names of the parts).
func (m ntlmMessage) field(at int) []byte {
	b := m.bytes(at, 8)
	if b == nil {
		return nil
	}
	off := binary.LittleEndian.Uint32(b[4:])
	if off > uint32(len(m.data)) {
		return nil
	}
	return m.bytes(int(off), int(binary.LittleEndian.Uint16(b)))
}

// name reads a name in the message's character set.
func (m ntlmMessage) name(at int, flags uint32) string {
	if flags&ntlmUnicode == 0 {
		return m.oem(at)
	}
	return fromUTF16(m.field(at))
}

// oem reads a name in the OEM character set, of which only ASCII is certain.
func (m ntlmMessage) oem(at int) string { return Printable(m.field(at)) }

// version reads the operating system's version (MS-NLMP §2.2.2.10).
func (m ntlmMessage) version(at int) string {
	b := m.bytes(at, 8)
	if b == nil || b[0] == 0 {
		return ""
	}
	build := binary.LittleEndian.Uint16(b[2:])
	return strconv.Itoa(int(b[0])) + "." + strconv.Itoa(int(b[1])) + "." + strconv.Itoa(int(build))
}

// targetInfo reads a list of AV_PAIRs (MS-NLMP §2.2.2.1).
func (m ntlmMessage) targetInfo(pairs []byte, attribute func(name, value string)) {
	for range maxNTLMPairs {
		if len(pairs) < 4 {
			return
		}
		id, n := binary.LittleEndian.Uint16(pairs), int(binary.LittleEndian.Uint16(pairs[2:]))
		if n > len(pairs)-4 {
			return
		}
		value := pairs[4 : 4+n]
		pairs = pairs[4+n:]
		switch id {
		case 0:
			return
		case 1:
			attribute("ntlmssp.challenge.target_info.nb_computer_name", fromUTF16(value))
		case 2:
			attribute("ntlmssp.challenge.target_info.nb_domain_name", fromUTF16(value))
		case 3:
			attribute("ntlmssp.challenge.target_info.dns_computer_name", fromUTF16(value))
		case 4:
			attribute("ntlmssp.challenge.target_info.dns_domain_name", fromUTF16(value))
		case 5:
			attribute("ntlmssp.challenge.target_info.dns_tree_name", fromUTF16(value))
		}
	}
}

// fromUTF16 decodes a little-endian name; one that is too long, of an odd length
// or with control characters is none.
func fromUTF16(b []byte) string {
	if len(b)%2 != 0 || len(b) > maxNTLMName {
		return ""
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		if units[i] = binary.LittleEndian.Uint16(b[2*i:]); units[i] < ' ' {
			return ""
		}
	}
	return string(utf16.Decode(units))
}
