package flow

// Direction tells the two directions of a flow apart.
type Direction uint8

// The directions. Which end is the client is known from a handshake, from the
// protocol, from the socket table, or only assumed from the first packet; see
// [Roles].
const (
	FromClient Direction = iota
	FromServer
)

// Reverse returns the other direction.
func (d Direction) Reverse() Direction { return d ^ 1 }

func (d Direction) String() string {
	if d == FromServer {
		return "server"
	}
	return "client"
}

// Roles says how client and server were told apart.
type Roles uint8

// The ways to know, from the weakest to the strongest.
const (
	RolesFirstPacket Roles = iota // whoever sent the first packet seen
	RolesProtocol                 // the messages say so
	RolesSocket                   // the owner's socket table says so
	RolesHandshake                // SYN or SYN+ACK was seen; SCTP INIT
)

func (r Roles) String() string {
	return [...]string{"first-packet", "protocol", "socket", "handshake"}[r]
}
