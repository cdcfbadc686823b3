package dissect

// Report is what a parser says about one message. The session owns and reuses
// it; Reset empties it between messages. Offsets count from the start of the
// message's Data.
type Report struct {
	// Signature names the rule that matched, "protocol.message".
	Signature string
	// Reason says in a few words what was verified, for the evidence.
	Reason string
	// Length, Need, Incomplete: see [Parser].
	Length     int
	Need       int
	Incomplete bool
	// Bits is how many bits of the message were verified against fixed values
	// and equations: random bytes pass with a chance of 2^-Bits.
	Bits int
	// Verified says that a checksum, a decryption or an equally strong test
	// succeeded.
	Verified bool
	// Answers says that the message refers to an earlier one of the other
	// direction (same transaction id, offered option chosen).
	Answers bool
	// Weak says that this message alone must not name the protocol: the other
	// direction, a second message or a child has to agree.
	Weak bool
	// EvidenceOffset and EvidenceLength delimit the proving bytes; a zero
	// length means the whole message that is at hand.
	EvidenceOffset, EvidenceLength int

	// Recording asks the parser to report its fields; set by the session.
	Recording bool
	Fields    []Field

	Attributes   []Attribute
	Payloads     []Payload
	Layers       []string
	Declared     []string
	Transition   *Transition
	Expectations []Expectation
}

// Field is one named stretch of a message, for "sniffid explain".
type Field struct {
	Name           string
	Offset, Length int
	Value          string // decoded, "" where the bytes speak for themselves
}

// Attribute is a fact read from a message, such as "smb.dialect".
type Attribute struct{ Name, Value string }

// Payload is the part of a message that belongs to the next layer. Offset and
// Length may reach beyond the bytes at hand.
type Payload struct {
	Offset, Length int
	// Data, if not nil, replaces the bytes at Offset: the payload was
	// decrypted, decompressed or put together. The report owns it until Reset.
	Data []byte
	// Protocols, if any, are the only ones that may begin with this payload.
	Protocols []string
	// Stream says that the payloads of a direction are the pieces of one byte
	// stream (TLS in TDS packets), not messages of their own.
	Stream bool
	// Channel separates payloads of independent conversations multiplexed in
	// one layer (SMB pipes, HTTP/2 streams); at most a few are followed.
	Channel uint64
}

// Transition says that the rest of the conversation belongs to another
// protocol (STARTTLS, CONNECT, SOCKS, Upgrade, PROXY).
type Transition struct {
	// Offset is where, in this message's direction, the new conversation
	// begins; the other direction changes over at its next unparsed byte.
	Offset int
	// OneSided says that only this message's direction changes over: the other
	// one carries the new conversation from its own beginning (PROXY prefix).
	OneSided bool
	// Messages says that the new conversation is not a byte stream but that
	// each datagram or PDU from here on is a message of it.
	Messages bool
}

// Reset empties r for the next message, keeping its memory and Recording.
func (r *Report) Reset() {
	*r = Report{
		Recording:    r.Recording,
		Fields:       r.Fields[:0],
		Attributes:   r.Attributes[:0],
		Payloads:     r.Payloads[:0],
		Layers:       r.Layers[:0],
		Declared:     r.Declared[:0],
		Expectations: r.Expectations[:0],
	}
}

// Field records a field when recording; call it freely.
func (r *Report) Field(name string, offset, length int, value string) {
	if r.Recording {
		r.Fields = append(r.Fields, Field{name, offset, length, value})
	}
}

// Attribute reports a fact; an empty value is left out.
func (r *Report) Attribute(name, value string) {
	if value != "" {
		r.Attributes = append(r.Attributes, Attribute{name, value})
	}
}

// Layer names a layer above this one that the message proves but that has no
// bytes of its own to parse: a DCE/RPC interface, an ONC RPC program.
func (r *Report) Layer(name string) { r.Layers = append(r.Layers, name) }

// Declare names a layer above this one that the message only announces and
// whose bytes can't be read: ALPN in TLS. It is reported as [Declared].
func (r *Report) Declare(name string) { r.Declared = append(r.Declared, name) }

// Payload hands the bytes from offset on to the next layer.
func (r *Report) Payload(offset, length int) {
	r.Payloads = append(r.Payloads, Payload{Offset: offset, Length: length})
}

// Expect announces another flow.
func (r *Report) Expect(e Expectation) { r.Expectations = append(r.Expectations, e) }
