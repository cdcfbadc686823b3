package dissect

import (
	"slices"

	"github.com/sniffid/sniffid/dissect/flow"
)

// What it takes to name a protocol, in verified bits; random bytes reach n bits
// with a chance of 2^-n.
const (
	aloneBits     = 24 // one direction, from its beginning
	middleBits    = 40 // one direction and one message, from the middle of a stream
	pairBits      = 16 // both directions together
	certainBits   = 24 // both directions together, to be certain
	unbrokenBits  = 40 // enough to stand although what follows is no message
	rejectedRatio = 2  // datagrams that are no message, per one that is
)

// precedes reports whether protocol a has a stated precedence over b.
func (e *Engine) precedes(a, b int) bool { return slices.Contains(e.beats[a], b) }

// opinion is a layer's answer, kept until bytes arrive that may change it.
type opinion struct {
	held       bool
	bothWays   bool
	best       *candidate
	confidence Confidence
	bits       int
}

// best returns the candidate that explains the conversation best, or nil.
func (l *layer) best() (*candidate, Confidence) {
	if !l.opinion.held || l.opinion.bothWays != l.s.bothWays {
		best, confidence := l.weigh()
		l.opinion = opinion{held: true, bothWays: l.s.bothWays, best: best, confidence: confidence}
		if best != nil {
			l.opinion.bits = best.bits()
		}
	}
	return l.opinion.best, l.opinion.confidence
}

// bits returns the bits verified by the layer's best candidate and above it.
func (l *layer) bits() int {
	l.best()
	return l.opinion.bits
}

func (l *layer) weigh() (*candidate, Confidence) {
	var best *candidate
	var confidence Confidence
	tie := false
	for _, c := range l.candidates {
		cc := c.judge()
		if cc == ConfidenceNone {
			continue
		}
		if best == nil {
			best, confidence = c, cc
			continue
		}
		switch l.compare(c, cc, best, confidence) {
		case 1:
			best, confidence, tie = c, cc, false
		case 0:
			tie = tie || c.id != best.id
		}
	}
	if tie && confidence < Certain {
		// Two explanations, neither better: never guess.
		return nil, ConfidenceNone
	}
	return best, confidence
}

// compare returns 1 if a explains the conversation better than b, -1 if worse.
func (l *layer) compare(a *candidate, ca Confidence, b *candidate, cb Confidence) int {
	e := l.s.engine
	switch {
	case e.precedes(a.id, b.id):
		return 1
	case e.precedes(b.id, a.id):
		return -1
	case ca != cb:
		return sign(int(ca) - int(cb))
	}
	return sign(a.bits() - b.bits())
}

func sign(n int) int {
	switch {
	case n > 0:
		return 1
	case n < 0:
		return -1
	}
	return 0
}

// strength counts the verified bits of direction d. Messages of a stream chain
// by their lengths, so that their bits add up; datagrams are alike without
// proving more.
func (c *candidate) strength(d flow.Direction) int {
	t := &c.tracks[d]
	if c.layer.stream {
		return t.sum
	}
	return t.best
}

// bits counts what the candidate and what it carries have verified.
func (c *candidate) bits() int {
	n := c.strength(0) + c.strength(1)
	if c.matched() > 0 {
		n += c.layer.carrier
	}
	for _, up := range c.above {
		n += up.bits()
	}
	return n
}

// carries reports whether something was recognised above the candidate.
func (c *candidate) carries() bool {
	if len(c.layers) > 0 {
		return true
	}
	for _, up := range c.above {
		if b, _ := up.best(); b != nil {
			return true
		}
	}
	return false
}

// sound reports whether what was found in direction d outweighs what did not fit.
func (c *candidate) sound(d flow.Direction) bool {
	t := &c.tracks[d]
	if t.matched == 0 {
		return false
	}
	if t.best >= unbrokenBits {
		return true
	}
	if c.layer.stream {
		return t.rejected == 0 || t.matched > 1 || c.successor != nil
	}
	return t.rejected <= t.matched*rejectedRatio
}

// judge says how well the candidate explains the conversation.
func (c *candidate) judge() Confidence {
	client, server := flow.FromClient^c.swap, flow.FromServer^c.swap
	a, b := c.sound(client), c.sound(server)
	if !a && !b {
		return ConfidenceNone
	}
	carries := c.carries()
	if c.proto.Framing && !carries {
		return ConfidenceNone
	}
	bits := c.bits()
	if a && b {
		switch firm := c.tracks[0].firm + c.tracks[1].firm; {
		case firm == 0 && !c.answered && !carries && bits < middleBits:
			// Messages that prove little alone are alike in many protocols.
			return ConfidenceNone
		case bits >= certainBits || c.answered && bits >= pairBits:
			return Certain
		case bits >= pairBits:
			return Likely
		}
		return ConfidenceNone
	}
	one, other := client, server
	if b {
		one, other = server, client
	}
	t := &c.tracks[one]
	if a && c.refuted(other) {
		// The server answered in another protocol: the client's request is not
		// what the server speaks.
		return ConfidenceNone
	}
	least := aloneBits
	if c.layer.stream && !c.layer.halves[one].known && t.matched == 1 && !carries {
		least = middleBits
	}
	if t.firm == 0 && !carries && (t.matched == 1 || !c.layer.stream) || bits < least {
		return ConfidenceNone
	}
	chained := c.layer.stream && t.matched > 1
	if (c.verified || chained) && c.layer.s.bothWays && !c.refuted(other) {
		return Certain
	}
	return Likely
}

// refuted reports whether direction d carries bytes that are not the
// candidate's protocol.
func (c *candidate) refuted(d flow.Direction) bool {
	t := &c.tracks[d]
	if c.layer.stream {
		return t.rejected > 0 && c.layer.halves[d].known
	}
	return t.rejected > 0
}
