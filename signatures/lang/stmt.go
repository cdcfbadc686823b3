package lang

import "github.com/sniffid/sniffid/signatures/lang/regex"

// Kind is how a field is read.
type Kind uint8

// The kinds of fields.
const (
	Uint      Kind = iota // Width bytes, Order
	Raw                   // bytes N
	Text                  // text N
	Magic                 // exactly Lit
	ZStr                  // up to a NUL
	Line                  // up to LF
	Token                 // up to a blank
	Until                 // up to Lit
	Dec                   // Min..Max decimal digits
	HexDigits             // Min..Max hex digits
	UTF16                 // utf16le N
	UTF16Z                // utf16le z
	UUID                  // 16 bytes, Order
	VarLEB
	VarMQTT
	VarQUIC
	BER
	BERInt
	BERStr
	DNSName
	NBName
	IPv4
	IPv6
	MAC
	RegexField
	HeaderLines
)

// Stmt is a checked statement: one of the types below, by pointer.
type Stmt interface{ Position() Pos }

func (p Pos) Position() Pos { return p }

// Field reads bytes.
type Field struct {
	Pos
	Name  string // "" for _
	Slot  int    // -1 where nobody wants the value
	Kind  Kind
	Width int // Uint: bytes
	Order Order
	N     *Expr // length; nil with Rest
	Rest  bool
	Min   int // Dec, HexDigits
	Max   int // bytes looked at
	Lit   []byte
	Fold  bool // Lit in either case
	Tags  []TagRange
	// TagSlot takes NAME.tag of a BER field; -1 where it is not used.
	TagSlot int
	Regex   *regex.Regexp
	Groups  []int // slot of each group of Regex; -1 for unnamed
	Check   *Expr
	Bits    Bits // of the field itself and its constraint
	Len     Bits // width of the length, for an equation with the message's end
	Attr    string
	Via     *Table
	Type    Type
	// Idle says that nothing asks for the value, so that a cut capture may lack
	// the bytes.
	Idle bool
}

// TagRange is an interval of BER tags, both ends included.
type TagRange struct{ Lo, Hi uint64 }

// Require demands a truth value; Want is false for reject.
type Require struct {
	Pos
	Expr   *Expr
	Want   bool
	Verify bool
	Bits   Bits
}

// Let gives an expression a name.
type Let struct {
	Pos
	Name string
	Slot int
	Expr *Expr
}

// SetOrder sets the byte order: First if Cond (or without one), else Second.
type SetOrder struct {
	Pos
	First, Second Order
	Cond          *Expr
}

// Frame gives the message's length. Within allows more messages behind it in
// one datagram.
type Frame struct {
	Pos
	Expr   *Expr
	Within bool
	Bits   Bits // for a delimited message
}

// Move sets the position: At from the message's first byte, else relative,
// else, with Align, to the next multiple.
type Move struct {
	Pos
	Expr  *Expr
	At    bool
	Align int
	Len   Bits
}

// End demands that the region ends here.
type End struct{ Pos }

// When takes Then if Cond, else Else.
type When struct {
	Pos
	Cond       *Expr
	Then, Else []Stmt
}

// Either takes the first block that matches.
type Either struct {
	Pos
	Blocks [][]Stmt
	Cost   Bits // what a choice among so many takes off
}

// Optional is a block that may fail.
type Optional struct {
	Pos
	Body []Stmt
}

// Repeat runs Body Count times, or, without Count, to the region's end.
type Repeat struct {
	Pos
	Count *Expr
	Max   int
	Body  []Stmt
}

// Within runs Body on the next Length bytes.
type Within struct {
	Pos
	Length *Expr
	Len    Bits
	Body   []Stmt
}

// Sure decides the message.
type Sure struct{ Pos }

// Remember keeps a value for later messages.
type Remember struct {
	Pos
	Expr   *Expr
	Memory int
}

// Answers compares with what the other direction remembered.
type Answers struct {
	Pos
	Expr   *Expr
	Memory int
	Bits   Bits
}

// Payload hands bytes to the next layer; Length is nil for the region's rest.
type Payload struct {
	Pos
	Length    *Expr
	Len       Bits
	Stream    bool
	Channel   *Expr
	Protocols []string
}

// Layer names a layer without bytes.
type Layer struct {
	Pos
	Expr *Expr
	Via  *Table
	Else *Expr
}

// Become hands the conversation over.
type Become struct {
	Pos
	OneSided, Messages bool
}

// Expect announces a flow.
type Expect struct {
	Pos
	Transport  string
	Port, Host *Expr
	Protocols  []string
	Opaque     bool
	Seconds    int
}

// Attr reports an attribute.
type Attr struct {
	Pos
	Name string
	Expr *Expr
	Via  *Table
}

// GSSAPI reports the names in a security token within a byte string.
type GSSAPI struct {
	Pos
	Expr *Expr
}

// Stop ends the parsing of this direction.
type Stop struct{ Pos }
