package flow

// Segment is a run of payload in the order in which the sender sent it: what a
// reassembled TCP direction, a UDP datagram or an SCTP user message hands to
// identification.
type Segment struct {
	// Data are the captured bytes. They alias the packet or the reassembly
	// buffer and are valid only during the call they are passed to.
	Data []byte
	// Size is the number of bytes on the wire, at least len(Data); it is larger
	// where the capture's snap length cut the packet.
	Size int
	// Packet is the number of the packet that carried Data, and Offset where in
	// that packet's transport payload Data begins.
	Packet uint64
	Offset int
	// PPID is the payload protocol identifier of an SCTP user message, RFC 9260
	// §3.3.1; 0 where there is none.
	PPID uint32
	// Start says that the first byte of Data is the first byte that this
	// direction ever sent (a SYN was seen just before it). Datagrams have it
	// always false.
	Start bool
	// Gap says that bytes are missing between the previous segment of this
	// direction and this one.
	Gap bool
	// End says that the sender has ended this direction and that nothing
	// follows; Data may be empty then.
	End bool
}

// Sink receives segments in the order in which they were sent. Deliver may stop
// the stream that calls it, but must not push to it. A segment's Data are valid
// only during the call.
type Sink interface {
	Deliver(d Direction, s Segment)
}
