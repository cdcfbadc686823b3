// Package machine runs compiled signatures: it is the [dissect.Parser] of every
// protocol that comes from a signature file.
//
// A [Program] is immutable and shared; a parser holds only what its conversation
// has remembered. Parsing allocates nothing until a message matches and reports.
// The work for a message is bounded by a budget of steps that grows with the
// bytes at hand.
package machine

import (
	"sync"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/signatures/lang"
)

// Message is one message of a protocol.
type Message struct {
	Layout *lang.Layout
	// Signature is "protocol.message", Reason the words for the evidence.
	Signature, Reason string
	From              dissect.From
	First, Weak       bool
	// MaxBits bounds what the message counts for; negative: it does not.
	MaxBits int
}

// Program is a protocol's messages, in the order in which they are tried.
type Program struct {
	messages []message
	memories int
	slots    int
	nothing  memory    // of a conversation that has not begun
	pool     sync.Pool // *run
	parsers  sync.Pool // *parser, as new
}

// The index and the layouts look at the same first bytes.
var _ = [1]struct{}{}[dissect.PrefixLen-lang.PrefixLen]

// message is a Message with what the precheck wants.
type message struct {
	Message
	head [lang.PrefixLen]*lang.Set
	n    int // leading sets that say anything
	// follows says that it can't begin a conversation.
	follows bool
}

// New makes a program. memories is how many names its layouts remember.
func New(messages []Message, memories int) *Program {
	p := &Program{memories: memories}
	for _, m := range messages {
		msg := message{Message: m, follows: m.Layout.Follows()}
		msg.head = m.Layout.Head()
		for i := range msg.head {
			if msg.head[i] != nil {
				msg.n = i + 1
			}
		}
		p.messages = append(p.messages, msg)
		p.slots = max(p.slots, m.Layout.Slots)
	}
	p.parsers.New = func() any { return &parser{program: p} }
	p.pool.New = func() any { return &run{slots: make([]slot, p.slots), names: memories} }
	return p
}

// Rows returns the index's input for the messages that can begin a conversation.
func (p *Program) Rows() []dissect.Row {
	var out []dissect.Row
	for i := range p.messages {
		m := &p.messages[i]
		if m.follows {
			continue
		}
		for _, r := range m.Layout.Rows {
			out = append(out, dissect.Row{
				Signature: m.Signature, From: m.From, FirstOnly: m.First,
				Min: m.Layout.Min, Least: m.Layout.Least, Most: m.Layout.Most, Prefix: byteSets(r.Prefix[:]),
			})
		}
	}
	return out
}

// byteSets converts leading sets, without those at the end that permit all.
func byteSets(sets []*lang.Set) []*dissect.ByteSet {
	for len(sets) > 0 && sets[len(sets)-1] == nil {
		sets = sets[:len(sets)-1]
	}
	out := make([]*dissect.ByteSet, len(sets))
	for i, s := range sets {
		out[i] = (*dissect.ByteSet)(s)
	}
	return out
}

// Parser makes a parser for one conversation.
func (p *Program) Parser() dissect.Parser {
	q, _ := p.parsers.Get().(*parser)
	return q
}

// parser is one conversation.
type parser struct {
	program *Program
	memory  memory
}

// Begins reports whether m is, or may turn out to be, a message with which a
// conversation begins.
func (p *Program) Begins(m *dissect.Message) bool {
	for i := range p.messages {
		msg := &p.messages[i]
		if msg.follows || msg.First && !m.First || !msg.From.Allows(m.From) || !msg.begins(m) {
			continue
		}
		x, _ := p.pool.Get().(*run)
		x.start(m, &p.nothing, false, msg.Layout.Slots)
		o := x.try(msg)
		x.release(p)
		if o != dissect.Reject {
			return true
		}
	}
	return false
}

// Release implements [dissect.Releaser]. What matched nothing remembers nothing.
func (p *parser) Release() {
	if p.memory.rings == nil {
		p.program.parsers.Put(p)
	}
}

// Parse implements [dissect.Parser]: the first message that matches is taken. An
// undecided one is waited for, so that the answer is the same however the bytes
// are cut into segments.
func (p *parser) Parse(m *dissect.Message, r *dissect.Report) dissect.Outcome {
	for i := range p.program.messages {
		msg := &p.program.messages[i]
		if msg.First && !m.First || !msg.From.Allows(m.From) || !msg.begins(m) {
			continue
		}
		if o := p.try(msg, m, r); o != dissect.Reject {
			return o
		}
	}
	return dissect.Reject
}

// try reads m as one message.
func (p *parser) try(msg *message, m *dissect.Message, r *dissect.Report) dissect.Outcome {
	x, _ := p.program.pool.Get().(*run)
	defer x.release(p.program)
	x.start(m, &p.memory, r.Recording, msg.Layout.Slots)
	o := x.try(msg)
	switch o {
	case dissect.Match:
		x.commit(msg, r)
	case dissect.NeedMore:
		r.Need = x.need
	}
	return o
}

// begins is the precheck of the first bytes.
func (m *message) begins(of *dissect.Message) bool {
	if l := m.Layout; !of.Open && (of.Size < l.Least || l.Most > 0 && of.Size > l.Most) {
		return false
	}
	b := of.Data
	for i := range min(len(b), m.n) {
		if m.head[i] != nil && !m.head[i].Has(b[i]) {
			return false
		}
	}
	return true
}
