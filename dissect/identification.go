package dissect

import "github.com/sniffid/sniffid/dissect/flow"

// Confidence is how well a label is founded. The order is from weak to strong,
// except that Expected and Declared are of another kind: the payload did not
// prove them, another flow or a parent layer announced them.
type Confidence uint8

// The confidences; ConfidenceNone is the zero value and means no label.
const (
	ConfidenceNone Confidence = iota
	Expected                  // announced by another flow
	Declared                  // declared by a parent layer (ALPN, Upgrade)
	Likely                    // one direction only, or few fixed bits
	Certain                   // both directions agree, or verified
)

func (c Confidence) String() string {
	return [...]string{"", "expected", "declared", "likely", "certain"}[c]
}

// Evidence says which bytes proved one layer.
type Evidence struct {
	Protocol   string
	Signature  string
	Confidence Confidence
	Direction  flow.Direction
	// Packet is the number of the packet, Offset and Length delimit the bytes
	// within its transport payload. Length may run on into later packets.
	Packet         uint64
	Offset, Length int
	Reason         string
	// Fields and Bytes are set only when the session was asked to record:
	// the fields' offsets count from the start of Bytes.
	Fields []Field
	Bytes  []byte
}

// Identification is a session's answer. Its slices belong to the caller.
type Identification struct {
	// Protocols runs from the lowest layer above the transport to the highest;
	// empty means unknown.
	Protocols  []string
	Confidence Confidence // that of the weakest layer
	Evidence   []Evidence
	// Attributes in the order in which they were read; the first value of a
	// name stands, further different ones are appended to it by ", " by the
	// reporter's choice.
	Attributes []Attribute
	// Swapped says that the messages show the roles to be the other way round
	// than the session was told; RolesKnown that they show the roles at all.
	Swapped, RolesKnown bool
}
