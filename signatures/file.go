package signatures

import (
	"io/fs"
	"sync"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/signatures/lang"
)

// File is one signature file: one protocol.
type File struct {
	// Path is the file's name within its folder.
	Path string
	// Protocol is the Wireshark display-filter name.
	Protocol, Title, Family, Spec string
	// Over are the transports, numbers of layers below and protocols that carry
	// this one.
	Over  []string
	Above []Precedence
	// Budget is in bytes of a direction; 0 is the default.
	Budget   int
	Framing  bool
	Messages []*Message
	// Native is the name of the Go parser that reads the messages instead;
	// Rows say how they begin.
	Native string
	Rows   []dissect.Row

	tables  map[string]*lang.Table
	program *lang.Program
	make    func() dissect.Parser
	begins  func(*dissect.Message) bool
	rows    []dissect.Row // of all messages

	transport string // of an example that says none

	fsys     fs.FS
	source   []byte
	once     sync.Once // of the examples
	examples []*Example
	err      error
}

// Precedence is a protocol that loses against this one, and why.
type Precedence struct{ Protocol, Reason string }

// Message is one message of a protocol.
type Message struct {
	Name, Spec, Reason string
	From               dissect.From
	First, Weak        bool
	// MaxBits bounds what the message counts for; -1: as much as it proves.
	MaxBits int
	// Layout is the compiled layout; its Text is as written.
	Layout *lang.Layout

	text        *node
	line, col   int
	carrierBits int
}

// Line is the message's line in its file.
func (m *Message) Line() int { return m.line }

// Bits is what a match proves at least, the number that carries the protocol
// included.
func (m *Message) Bits() int {
	b := m.Layout.Bits.Int()
	if m.MaxBits >= 0 {
		b = min(b, m.MaxBits)
	}
	return b + m.carrierBits
}

// fileKeys are the keys of a file, without those that are read when asked for.
var fileKeys = []key[File]{
	{"protocol", true, "Wireshark display-filter name, unique", text, func(d *decoder, n *node, f *File) { f.Protocol = d.str(n) }},
	{"title", true, "the name in words", text, func(d *decoder, n *node, f *File) { f.Title = d.str(n) }},
	{"family", true, "the folder's name, for listings", text, func(d *decoder, n *node, f *File) { f.Family = d.str(n) }},
	{"spec", true, "specification, with sections", text, func(d *decoder, n *node, f *File) { f.Spec = d.str(n) }},
	{"over", true, "transports, numbers of layers below and protocols that carry this one", texts, func(d *decoder, n *node, f *File) { f.Over = d.list(n) }},
	{"above", false, "protocols that lose against this one on the same bytes, with reasons", textMap, readAbove},
	{"budget", false, "bytes of a direction that are looked at; default 8KiB", byteCount, func(d *decoder, n *node, f *File) { f.Budget = d.byteCount(n) }},
	{"framing", false, "the protocol only delimits what it carries", boolean, func(d *decoder, n *node, f *File) { f.Framing = d.boolean(n) }},
	{"tables", false, "value to name maps for via", tableMap, readTables},
	{"messages", false, "name to message, in the order of trying", nil, readMessages},
	{"native", false, "the Go parser of that name, instead of messages", text, func(d *decoder, n *node, f *File) { f.Native = d.str(n) }},
	{"rows", false, "how a native parser's messages begin", nil, readRows},
	{"notes", false, "pitfalls, what is not covered", text, nil},
	{"examples", true, "exchanges that must be recognised", nil, nil},
	{"counterexamples", true, "exchanges that must not get the protocol's name", nil, nil},
}

var messageKeys = []key[Message]{
	{"from", false, "who sends it", oneOf("either", "client", "server"), func(d *decoder, n *node, m *Message) {
		m.From = dissect.From(d.choice(n, "either", "client", "server"))
	}},
	{"layout", true, "the bytes, see docs/signature-language.md", text, func(d *decoder, n *node, m *Message) { m.text = n; d.str(n) }},
	{"spec", false, "section of the specification", text, func(d *decoder, n *node, m *Message) { m.Spec = d.str(n) }},
	{"first", false, "matches only as the first message of its direction", boolean, func(d *decoder, n *node, m *Message) { m.First = d.boolean(n) }},
	{"weak", false, "alone it never names the protocol", boolean, func(d *decoder, n *node, m *Message) { m.Weak = d.boolean(n) }},
	{"bits", false, "evidence is at most this", integer, func(d *decoder, n *node, m *Message) { m.MaxBits = d.number(n, 0, 1024) }},
	{"reason", false, "words for the evidence; default: the message's name", text, func(d *decoder, n *node, m *Message) { m.Reason = d.str(n) }},
}

type nativeRow struct {
	name, bytes string
	from        dissect.From
	first       bool
	min         int
	at          *node
}

var rowKeys = []key[nativeRow]{
	{"name", true, "names the signature: protocol.name", text, func(d *decoder, n *node, r *nativeRow) { r.name = d.str(n) }},
	{"from", false, "who sends it", oneOf("either", "client", "server"), func(d *decoder, n *node, r *nativeRow) {
		r.from = dissect.From(d.choice(n, "either", "client", "server"))
	}},
	{"bytes", true, "pattern of the first bytes", text, func(d *decoder, n *node, r *nativeRow) { r.bytes, r.at = d.str(n), n }},
	{"first", false, "only the first message of its direction", boolean, func(d *decoder, n *node, r *nativeRow) { r.first = d.boolean(n) }},
	{"min", false, "fewest bytes that can decide", integer, func(d *decoder, n *node, r *nativeRow) { r.min = d.number(n, 1, 1<<16) }},
}
