package flow

// State is how far a conversation has come.
type State uint8

// The states. UDP and other connectionless flows go from new to established
// with the first packet of the other side.
const (
	// StateNew: one side has spoken, it is not known whether the other will.
	StateNew State = iota
	// StateOpening: a SYN was answered by SYN+ACK.
	StateOpening
	// StateEstablished: the handshake is complete, or the connection was there
	// before the capture, or both sides have sent datagrams.
	StateEstablished
	// StateClosing: one side has sent its FIN.
	StateClosing
	// StateClosed: both sides have sent their FIN.
	StateClosed
	// StateReset: a RST ended the connection.
	StateReset
	// StateRefused: the SYN was answered by RST, or the first datagrams by an
	// ICMP port unreachable message. Nobody listens.
	StateRefused
	// StateUnanswered: the flow ended while new.
	StateUnanswered
)

func (s State) String() string {
	return [...]string{"new", "opening", "established", "closing", "closed", "reset", "refused", "unanswered"}[s]
}

// Ended reports whether the conversation is over, so that a new SYN between the
// same ends begins another one.
func (s State) Ended() bool { return s >= StateClosed }

// update follows the connection with one packet of direction d.
func (c *connection) update(d Direction, p *Packet) {
	if p.Proto != protoTCP && p.Proto != protoSCTP {
		if d == FromServer && (c.State == StateNew || c.State == StateRefused) {
			c.State = StateEstablished // refused before: the server has come up since
		}
		return
	}
	switch {
	case p.Flags&flagRST != 0:
		c.reset(d, p)
	case p.Flags&(flagSYN|flagACK) == flagSYN:
		c.open(p)
	case p.Flags&flagSYN != 0:
		if c.SYNACK == 0 {
			c.SYNACK = p.Number
		}
		if c.State == StateNew {
			c.State = StateOpening
		}
	case p.Flags&flagFIN != 0:
		c.fin[d] = true
		switch {
		case c.State.Ended():
		case c.fin[FromClient] && c.fin[FromServer]:
			c.State = StateClosed
		default:
			c.State = StateClosing
		}
	case c.State == StateNew, c.State == StateOpening && d == FromClient, c.State == StateOpening && p.Payload > 0:
		c.State = StateEstablished
	}
}

// open notes a SYN without ACK. After a refusal, a stack that tries again with
// the same sequence number (as Windows does) is back at the beginning.
func (c *connection) open(p *Packet) {
	if c.SYN == 0 {
		c.SYN = p.Number
		c.isn = p.Seq
	}
	if c.State == StateRefused {
		c.State = StateNew
	}
}

func (c *connection) reset(d Direction, p *Packet) {
	if c.State.Ended() {
		return
	}
	c.RST = p.Number
	if c.State == StateNew && c.SYN != 0 && d == FromServer {
		c.refuse(p.Number)
		return
	}
	c.State = StateReset
}

func (c *connection) refuse(number uint64) {
	c.State = StateRefused
	if c.Refusal == 0 {
		c.Refusal = number
	}
}

// restarts reports whether p begins another connection between the same ends:
// a SYN after the end; or one with another sequence number after a pause in
// which the end may have been missed.
func (c *connection) restarts(p *Packet, last int64) bool {
	const pause = 2e9 // nanoseconds
	if p.Flags&(flagSYN|flagACK|flagRST) != flagSYN || p.Proto != protoTCP && p.Proto != protoSCTP {
		return false
	}
	repeated := p.Proto == protoTCP && c.SYN != 0 && c.isn == p.Seq
	switch {
	case c.State == StateRefused:
		return !repeated
	case c.State.Ended():
		return true
	}
	return !repeated && c.State >= StateEstablished && p.Timestamp-last > pause
}
