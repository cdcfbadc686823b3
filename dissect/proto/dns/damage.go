package dns

import "bytes"

// What is left of a message that was damaged in one place must still show:
const (
	salvageLabels = 2  // text labels at the head of the first name
	salvageCounts = 3  // plausible counts in the header
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
	if plausible < salvageCounts || !textName(g.bytes[headerLen:]) {
		return false
	}
	g.salvaged, g.malformed = true, true
	g.bits = salvageFlags + plausible*countBits
	return true
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
