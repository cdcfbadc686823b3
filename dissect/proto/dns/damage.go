package dns

import (
	"bytes"
	"encoding/binary"

	"github.com/sniffid/sniffid/dissect/wire"
)

// What is left of a message that was damaged in one place must still show:
const (
	salvageLabels = 2  // text labels at the head of the first name
	salvageCounts = 3  // plausible counts in the header, one less with the whole question
	salvageFlags  = 8  // bits that the flags of a plain query or answer verify
	countBits     = 14 // bits that a plausible count verifies
	mostRecords   = 64 // of a section; more are not plausible beside one question
)

// salvage recognises a message that does not parse because one place of it is
// damaged: a count, a label, a type. Noisy links and broken middleboxes make
// such messages, and so do those who test what a resolver stands.
func (g *message) salvage() bool {
	if len(g.bytes) <= headerLen || g.opcode() != opQuery || !g.response() && g.rcode() != 0 {
		return false
	}
	plausible := 0
	for section, n := range g.counts {
		switch {
		case section == questions && n == 1,
			section != questions && g.response() && n < mostRecords,
			section == answers && n == 0,
			section > answers && n <= 2:
			plausible++
		}
	}
	name := g.bytes[headerLen:]
	switch {
	case plausible >= salvageCounts && textName(name):
	case plausible >= salvageCounts-1 && wholeQuestion(name):
	case plausible > salvageCounts && !g.response() && endsQuestion(name):
	default:
		return false
	}
	g.damaged(salvageFlags + plausible*countBits)
	return true
}

// damaged takes the message in spite of its state.
func (g *message) damaged(bits int) {
	g.state, g.salvaged, g.malformed, g.bits = wire.Whole, true, true, bits
}

// wholeQuestion reports whether b begins with a question for a host or service,
// three labels or more with at most one byte that these do not have.
func wholeQuestion(b []byte) bool {
	const spoilt = 1
	labels, strange := 0, 0
	for ; len(b) > 0 && b[0] != 0; labels++ {
		length := int(b[0])
		if length >= 32 || len(b) <= length {
			return false
		}
		for _, c := range b[1 : length+1] {
			if notHostCharacter(rune(c)) {
				strange++
			}
		}
		b = b[length+1:]
	}
	return labels >= 3 && strange <= spoilt && len(b) >= questionTail && plainTail(b[:questionTail])
}

// questionTail is the length of the root label, the type and the class.
const questionTail = 1 + 2 + 2

// plainTail reports whether b is the end of a question for an assigned type
// of the Internet's class.
func plainTail(b []byte) bool {
	return b[0] == 0 && typeKnown(binary.BigEndian.Uint16(b[1:])) && binary.BigEndian.Uint16(b[3:]) == 1
}

// endsQuestion reports whether a message ends as a single question does.
func endsQuestion(b []byte) bool {
	return len(b) > questionTail && len(b) <= maxName+questionTail-1 && plainTail(b[len(b)-questionTail:])
}

// textName reports whether b begins with labels as host and service names have
// them, RFC 952 and RFC 6335 §5.1, that are no NetBIOS name.
func textName(b []byte) bool {
	n := 0
	for ; n < salvageLabels; n++ {
		length := int(b[0])
		if length == 0 || length >= 32 || len(b) < length+2 {
			return false
		}
		if bytes.ContainsFunc(b[1:length+1], notHostCharacter) {
			return false
		}
		b = b[length+1:]
	}
	return true
}

func notHostCharacter(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_':
		return false
	}
	return true
}
