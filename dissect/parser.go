// Package dissect turns the payload of a flow into the stack of protocols that
// it carries, with the bytes that prove each layer.
//
// A [Protocol] describes one protocol: what may carry it, how its messages
// begin, and how to get a [Parser] for one conversation. Most protocols come
// from signature files (package signatures); those that need decryption or deep
// state are Go code under proto/. Both obey the same contract, and the engine
// does not know which is which.
//
// The [Engine] compiles all protocols into one index. A [Session] follows one
// flow: it gathers the start of each direction, asks the index which protocols
// can begin like that, lets only those parse, and weighs their reports into an
// [Identification]. Port numbers are no input: the package cannot see them.
package dissect

import (
	"net/netip"

	"github.com/sniffid/sniffid/dissect/flow"
)

// Outcome is a parser's answer about one message.
type Outcome uint8

// The outcomes. NeedMore is the zero value: without bytes nothing is known.
const (
	// NeedMore: what is there fits so far, and more bytes would decide.
	NeedMore Outcome = iota
	// Reject: this is not a message of the protocol.
	Reject
	// Match: this is a message of the protocol, or would be with fewer than
	// one in 2^Bits chance for random bytes.
	Match
)

// Context is what a parser may know about the conversation besides its bytes.
// It has addresses (a multicast group is part of some protocols), never ports.
type Context struct {
	Client, Server netip.Addr
	// Transport is "tcp", "udp", "sctp", or the [Carrier], of the flow at the
	// bottom.
	Transport string
}

// Message is the input of [Parser.Parse]: one direction's bytes from the first
// byte of a message on.
type Message struct {
	// Data are the bytes at hand. They alias the session's buffer: read only,
	// valid during the call.
	Data []byte
	// Size is the message's length where its carrier delimits it (a datagram, a
	// parent's PDU); it exceeds len(Data) where the capture cut it. For a
	// stream (Open) it equals len(Data).
	Size int
	// Open says that Data is the head of a byte stream: the message may end
	// before or after the end of Data.
	Open bool
	// Ended says that no more bytes will come in this direction.
	Ended bool
	// First says that this is the first message seen in this direction.
	First bool
	// From is the direction, as the parser's candidate assigns the roles.
	From flow.Direction
	// PPID is the payload protocol identifier of an SCTP user message, otherwise
	// 0. A message carried by another protocol has none.
	PPID uint32
	// Context is shared by all messages of the conversation.
	Context *Context
}

// Parser reads the messages of one conversation, both directions, in the order
// in which they were captured. It may keep what it learnt in one message for
// the next. A session makes one with [Protocol.New] per candidate; it is not
// safe for concurrent use.
//
// Parse reads the one message at the start of m.Data and fills r. Rules:
//
//   - NeedMore: r.Need tells how many bytes of Data are wanted in all (0: any
//     more). For a message that is not Open, or has Ended, and is complete
//     (Size == len(Data)), NeedMore counts as Reject.
//   - Match: r.Length is the message's length; it may exceed len(Data), the
//     session then skips the rest. 0 means that the message's end is not known
//     and that this direction shall not be parsed further.
//   - r.Incomplete with Match: the label is sure, but more bytes would add
//     attributes; the same message is parsed again when they have come.
//     What r holds replaces what the earlier call reported.
//   - Parse must not retain m.Data, must not panic on any input, and must do
//     work bounded by len(m.Data).
type Parser interface {
	Parse(m *Message, r *Report) Outcome
}

// Releaser is a Parser that can be given back for another conversation when it
// has matched nothing.
type Releaser interface {
	Parser
	Release()
}

// Expectation announces a flow that another flow's payload promised.
type Expectation struct {
	Transport string // "tcp" or "udp"
	// Host is the announced address; the zero Addr means the server of the
	// announcing flow, which the session fills in.
	Host netip.Addr
	Port uint16
	// Protocols is the stack expected there, lowest layer first. It is reported
	// with confidence "expected" where the payload itself proves nothing.
	Protocols []string
	// Opaque says that the expected protocol has no framing of its own, so that
	// a look-alike in its payload (a web page fetched over FTP) does not
	// override it: what is found is reported above it only when certain.
	Opaque bool
	// Seconds is how long the announcement holds; 0 = 10 minutes.
	Seconds int
}
