// Package flow tells conversations apart and puts their bytes in order.
//
// A [Table] finds the [Flow] of each packet: both directions of a conversation
// share one [Key]. Frames that carry no IP have a [Link] instead of addresses
// and ports. It counts, tracks the state of the connection, tells client
// from server, and forgets flows that are idle, all in packet time and bounded
// memory. A [Conversation] reassembles the two directions of a TCP connection
// into [Segment] deliveries, [Messages] does it for SCTP.
//
// Nothing here is safe for concurrent use; give each goroutine its own table.
package flow
