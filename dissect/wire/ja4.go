package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// JA4 is the fingerprint of a TLS client as FoxIO published it for TLS clients
// (plain JA4): what the client offers, sorted, so that shuffled extensions do
// not change it. Carrier is 't' for TCP, 'q' for QUIC and 'd' for DTLS.
func (h *ClientHello) JA4(carrier byte) string {
	suites := withoutGREASE(h.CipherSuites)
	extensions := withoutGREASE(h.Extensions)

	name := byte('i')
	if slices.Contains(extensions, extServerName) {
		name = 'd'
	}
	var b strings.Builder
	b.WriteByte(carrier)
	b.WriteString(ja4Version(h.MaxVersion()))
	b.WriteByte(name)
	writeCount(&b, len(suites))
	writeCount(&b, len(extensions))
	b.WriteString(ja4ALPN(h.ALPN))

	slices.Sort(suites)
	b.WriteByte('_')
	b.WriteString(ja4Hash(hexList(suites)))

	hashed := slices.DeleteFunc(extensions, func(id uint16) bool {
		return id == extServerName || id == extALPN
	})
	slices.Sort(hashed)
	list := hexList(hashed)
	if algorithms := withoutGREASE(h.SignatureAlgorithms); list != "" && len(algorithms) > 0 {
		list += "_" + hexList(algorithms)
	}
	b.WriteByte('_')
	b.WriteString(ja4Hash(list))
	return b.String()
}

// withoutGREASE copies list without the values of RFC 8701.
func withoutGREASE(list []uint16) []uint16 {
	return slices.DeleteFunc(slices.Clone(list), grease)
}

func ja4Version(v uint16) string {
	switch v {
	case 0x0304:
		return "13"
	case 0x0303:
		return "12"
	case 0x0302:
		return "11"
	case 0x0301:
		return "10"
	case 0x0300:
		return "s3"
	case 0x0002:
		return "s2"
	case 0xfeff:
		return "d1"
	case 0xfefd:
		return "d2"
	case 0xfefc:
		return "d3"
	}
	return "00"
}

// writeCount writes two decimal digits, 99 for anything above.
func writeCount(b *strings.Builder, n int) {
	n = min(n, 99)
	b.WriteByte(byte('0' + n/10))
	b.WriteByte(byte('0' + n%10))
}

// ja4ALPN is the first and last character of the first protocol name, or of its
// hexadecimal form where one of them is neither letter nor digit.
func ja4ALPN(names []string) string {
	if len(names) == 0 {
		return "00"
	}
	s := names[0]
	if !alphanumeric(s[0]) || !alphanumeric(s[len(s)-1]) {
		s = hex.EncodeToString([]byte(s))
	}
	return string([]byte{s[0], s[len(s)-1]})
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

func hexList(list []uint16) string {
	b := make([]byte, 0, 5*len(list))
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = hex.AppendEncode(b, []byte{byte(v >> 8), byte(v)})
	}
	return string(b)
}

func ja4Hash(list string) string {
	if list == "" {
		return "000000000000"
	}
	sum := sha256.Sum256([]byte(list))
	return hex.EncodeToString(sum[:6])
}
