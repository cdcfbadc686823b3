package wire

import (
	"crypto/md5"
	"encoding/hex"
	"strconv"
)

// JA3 is the fingerprint of a TLS client as Salesforce published it: the hash of
// version, cipher suites, extensions, groups and point formats, in the client's
// order and without GREASE.
func (h *ClientHello) JA3() string {
	b := strconv.AppendUint(make([]byte, 0, 512), uint64(h.Version), 10)
	b = appendJA3(append(b, ','), h.CipherSuites)
	b = appendJA3(append(b, ','), h.Extensions)
	b = appendJA3(append(b, ','), h.Groups)
	b = appendJA3(append(b, ','), h.PointFormats)
	return ja3Hash(b)
}

// JA3S is the fingerprint of a server's answer: version, suite and extensions.
func (h *ServerHello) JA3S() string {
	b := strconv.AppendUint(make([]byte, 0, 128), uint64(h.Legacy), 10)
	b = strconv.AppendUint(append(b, ','), uint64(h.CipherSuite), 10)
	b = appendJA3(append(b, ','), h.Extensions)
	return ja3Hash(b)
}

// appendJA3 appends the values in decimal, joined by dashes.
func appendJA3[T uint8 | uint16](b []byte, list []T) []byte {
	first := true
	for _, v := range list {
		if grease(uint16(v)) {
			continue
		}
		if !first {
			b = append(b, '-')
		}
		first = false
		b = strconv.AppendUint(b, uint64(v), 10)
	}
	return b
}

func ja3Hash(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}
