package wire

import (
	"encoding/binary"
	"maps"
	"strings"
	"testing"
	"unicode/utf16"
)

// ntlm builds a message: a fixed part with fields of names behind it.
type ntlm struct{ fixed, tail []byte }

func newNTLM(kind uint32, fixed int) *ntlm {
	m := &ntlm{fixed: make([]byte, fixed)}
	copy(m.fixed, ntlmSignature)
	binary.LittleEndian.PutUint32(m.fixed[8:], kind)
	return m
}

func (m *ntlm) flags(at int, flags uint32) { binary.LittleEndian.PutUint32(m.fixed[at:], flags) }

func (m *ntlm) put(at int, b []byte) {
	binary.LittleEndian.PutUint16(m.fixed[at:], uint16(len(b)))
	binary.LittleEndian.PutUint16(m.fixed[at+2:], uint16(len(b)))
	binary.LittleEndian.PutUint32(m.fixed[at+4:], uint32(len(m.fixed)+len(m.tail)))
	m.tail = append(m.tail, b...)
}

func (m *ntlm) bytes() []byte {
	return append(append([]byte("\x60\x10wrapped"), m.fixed...), m.tail...)
}

func wide(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func pair(id uint16, value []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, id)
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(value))), value...)
}

func ntlmMessages() map[string][]byte {
	version := []byte{10, 0, 0x63, 0x45, 0, 0, 0, 15}
	negotiate := newNTLM(1, 40)
	negotiate.flags(12, ntlmVersion)
	negotiate.put(16, []byte("LAB"))
	negotiate.put(24, []byte("DESK"))
	copy(negotiate.fixed[32:], version)

	challenge := newNTLM(2, 56)
	challenge.flags(20, ntlmVersion|ntlmUnicode)
	challenge.put(12, wide("LAB"))
	info := append(pair(2, wide("LAB")), pair(1, wide("DC1"))...)
	info = append(append(info, pair(4, wide("lab.test"))...), pair(3, wide("dc1.lab.test"))...)
	challenge.put(40, append(append(info, pair(7, make([]byte, 8))...), pair(0, nil)...))
	copy(challenge.fixed[48:], version)

	auth := newNTLM(3, 72)
	auth.flags(60, ntlmUnicode)
	auth.put(12, make([]byte, 24))
	auth.put(20, make([]byte, 24))
	auth.put(28, wide("LAB"))
	auth.put(36, wide("jürgen"))
	auth.put(44, wide("DESK"))
	return map[string][]byte{"negotiate": negotiate.bytes(), "challenge": challenge.bytes(), "auth": auth.bytes()}
}

func read(b []byte) map[string]string {
	got := map[string]string{}
	GSSAPI(b, func(name, value string) {
		if value != "" {
			got[name] = value
		}
	})
	return got
}

func TestNTLMSSP(t *testing.T) {
	want := map[string]map[string]string{
		"negotiate": {
			"ntlmssp.negotiate.domain": "LAB", "ntlmssp.negotiate.callingworkstation": "DESK", "ntlmssp.version": "10.0.17763",
		},
		"challenge": {
			"ntlmssp.challenge.target_name":                   "LAB",
			"ntlmssp.challenge.version":                       "10.0.17763",
			"ntlmssp.challenge.target_info.nb_computer_name":  "DC1",
			"ntlmssp.challenge.target_info.nb_domain_name":    "LAB",
			"ntlmssp.challenge.target_info.dns_computer_name": "dc1.lab.test",
			"ntlmssp.challenge.target_info.dns_domain_name":   "lab.test",
		},
		"auth": {"ntlmssp.auth.domain": "LAB", "ntlmssp.auth.username": "jürgen", "ntlmssp.auth.hostname": "DESK"},
	}
	for name, message := range ntlmMessages() {
		if got := read(message); !maps.Equal(got, want[name]) {
			t.Errorf("%s: %v", name, got)
		}
		whole := read(message)
		for n := range message { // a cut message says less, and nothing else
			for k, v := range read(message[:n]) {
				if whole[k] != v {
					t.Errorf("%s: the first %d bytes have %s %q", name, n, k, v)
				}
			}
		}
	}
	if got := read([]byte("no message")); len(got) > 0 {
		t.Error(got)
	}
}

// apReq is an AP-REQ in its GSS-API header.
func apReq() []byte {
	der := func(tag byte, parts ...string) string {
		contents := strings.Join(parts, "")
		return string([]byte{tag, 0x81, byte(len(contents))}) + contents
	}
	version := der(0xa0, "\x02\x01\x05")
	name := der(0xa2, der(0x30, der(0xa0, "\x02\x01\x02"), der(0xa1, der(0x30, der(0x1b, "cifs"), der(0x1b, "dc1.lab.test")))))
	ticket := der(0x61, der(0x30, version, der(0xa1, der(0x1b, "LAB.TEST")), name, der(0xa3, "sealed")))
	return []byte("\x60\x10\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00" +
		der(0x6e, der(0x30, version, der(0xa1, "\x02\x01\x0e"), der(0xa2, "\x03\x05\x00\x20\x00\x00\x00"), der(0xa3, ticket))))
}

func TestKerberosTicket(t *testing.T) {
	want := map[string]string{"kerberos.realm": "LAB.TEST", "kerberos.sname": "cifs/dc1.lab.test"}
	message := apReq()
	if got := read(message); !maps.Equal(got, want) {
		t.Error(got)
	}
	if got := read(message[15:]); !maps.Equal(got, want) {
		t.Errorf("without its header: %v", got)
	}
	for n := range message {
		read(message[:n])
	}
}

func FuzzGSSAPI(f *testing.F) {
	for _, message := range ntlmMessages() {
		f.Add(message)
	}
	f.Add(apReq())
	f.Fuzz(func(_ *testing.T, data []byte) { read(data) })
}
