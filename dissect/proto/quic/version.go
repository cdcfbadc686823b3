package quic

import (
	"fmt"
	"strconv"
)

// The long header packet types of version 1, RFC 9000 §17.2.
const (
	initial   = 0
	zeroRTT   = 1
	handshake = 2
	retry     = 3
)

// version is what a QUIC version fixes. Every one that is listed has the packet
// format of RFC 9000.
type version struct {
	number uint32
	name   string
	// salt makes the Initial keys, RFC 9001 §5.2.
	salt string
	// label begins the names of keys, RFC 9001 §5.1 and RFC 9369 §3.3.2.
	label string
	// retryKey and retryNonce seal Retry packets, RFC 9001 §5.8.
	retryKey, retryNonce string
	// shift is added to the type bits to get the types of version 1, RFC 9369
	// §3.2.
	shift byte
}

// The version numbers that have a name; drafts are 0xff0000nn.
const (
	version1     = 0x00000001
	version2     = 0x6b3343cf // RFC 9369 §3.1
	firstDraft   = 0xff000000 + 22
	lastDraft    = 0xff000000 + 34
	mvfstDraft22 = 0xfaceb001 // Meta's mvfst
	mvfstDraft27 = 0xfaceb002
)

// lookup describes a version; false for one whose keys are not known.
func lookup(number uint32) (version, bool) {
	switch {
	case number == version2:
		return version{
			number: number, name: "2", label: "quicv2 ", shift: 3,
			salt:       "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9",
			retryKey:   "\x8f\xb4\xb0\x1b\x56\xac\x48\xe2\x60\xfb\xcb\xce\xad\x7c\xcc\x92",
			retryNonce: "\xd8\x69\x69\xbc\x2d\x7c\x6d\x99\x90\xef\xb0\x4a",
		}, true
	case number == version1:
		return final(number, "1"), true
	case number == mvfstDraft22:
		return oldest(number, "mvfst-22"), true
	case number == mvfstDraft27:
		return early(number, "mvfst-27"), true
	case number < firstDraft || number > lastDraft:
		return version{}, false
	}
	name := "draft-" + draftNumber(number)
	switch draft := number & 0xff; {
	case draft >= 33:
		return final(number, name), true
	case draft >= 29:
		return version{
			number: number, name: name, label: "quic ",
			salt:       "\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99",
			retryKey:   "\xcc\xce\x18\x7e\xd0\x9a\x09\xd0\x57\x28\x15\x5a\x6c\xb9\x6b\xe1",
			retryNonce: "\xe5\x49\x30\xf9\x7f\x21\x36\xf0\x53\x0a\x8c\x1c",
		}, true
	case draft >= 23:
		return early(number, name), true
	}
	return oldest(number, name), true
}

func draftNumber(number uint32) string { return strconv.Itoa(int(number & 0xff)) }

// final has the constants of RFC 9001, which drafts 33 and 34 have as well.
func final(number uint32, name string) version {
	return version{
		number: number, name: name, label: "quic ",
		salt:       "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a",
		retryKey:   "\xbe\x0c\x69\x0b\x9f\x66\x57\x5a\x1d\x76\x6b\x54\xe3\x68\xc8\x4e",
		retryNonce: "\x46\x15\x99\xd3\x5d\x63\x2b\xf2\x23\x98\x25\xbb",
	}
}

// early has the salt of drafts 23 to 28. Their Retry packets changed from draft
// to draft; only those from draft 25 on are sealed, with this key.
func early(number uint32, name string) version {
	return version{
		number: number, name: name, label: "quic ",
		salt:       "\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02",
		retryKey:   "\x4d\x32\xec\xdb\x2a\x21\x33\xc8\x41\xe4\x04\x3d\xf2\x7d\x44\x30",
		retryNonce: "\x4d\x16\x11\xd0\x55\x13\xa5\x52\xc5\x87\xd5\x75",
	}
}

// oldest has the salt of draft 22, whose Retry packets are not sealed.
func oldest(number uint32, name string) version {
	return version{
		number: number, name: name, label: "quic ",
		salt: "\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a",
	}
}

// reserved reports whether a version number is one of those that only provoke
// version negotiation, RFC 9000 §15.
func reserved(number uint32) bool { return number&0x0f0f0f0f == 0x0a0a0a0a }

// versionName is the name of any version number.
func versionName(number uint32) string {
	if v, ok := lookup(number); ok {
		return v.name
	}
	return fmt.Sprintf("0x%08x", number)
}
