package header

// Field is the kind of number by which a link layer says what it carries.
type Field uint8

// The kinds. FieldNone is the zero value: there is no frame.
const (
	FieldNone      Field = iota
	FieldEtherType       // IEEE 802.3 §3.2.6, at least 0x0600
	FieldLLC             // the destination SAP of IEEE 802.2
	FieldSNAP            // OUI (24 bits) and protocol identifier (16 bits)
	FieldPPP             // RFC 1661 §2
)

// Frame is what a link layer carries that is no IP packet.
type Frame struct {
	Field  Field
	Number uint64
	// Src and Dst are the addresses of the frame around the payload; zero where
	// they are not known.
	Src, Dst [6]byte
	// Payload are the captured bytes behind the number, PayloadSize how many
	// there were on the wire. That of FieldLLC begins with the destination SAP.
	// It has the padding of a short Ethernet frame unless a length tells.
	Payload     []byte
	PayloadSize int
	// Length is the length of the frame on the wire in bytes.
	Length int
	// Scope is as that of a [Layer].
	Scope uint32

	tunnels uint8
	layers  uint8 // IP layers around the frame
}

// Frame returns the frame that carries no IP packet, or nil where there is
// none. It points into p and holds until the next Decode. It may be inside of
// tunnels, and is the last thing in its packet.
func (p *Packet) Frame() *Frame {
	if p.frame.Field == FieldNone {
		return nil
	}
	return &p.frame
}

// FrameTunnels are the tunnels around the frame, as [Packet.Tunnels] names
// them.
func (p *Packet) FrameTunnels() []string { return p.tunnelNames(p.frame.tunnels) }

// Around reports whether the frame is inside of the i-th IP layer.
func (f *Frame) Around(i int) bool { return i < int(f.layers) }

// handOn notes what the link layer at hand carries. In a tunnel without link
// addresses nothing tells the ends apart, and what carries it is all that is
// known.
func (p *Packet) handOn(field Field, number uint64, s span) {
	if !p.linked || s.n == 0 {
		return
	}
	f := &p.frame
	if p.outer() {
		f.Src, f.Dst = [6]byte{}, [6]byte{}
		if p.HasMAC {
			f.Src, f.Dst = p.SrcMAC, p.DstMAC
		}
	}
	f.Field, f.Number = field, number
	f.Payload, f.PayloadSize = s.b, s.n
	f.Length = max(p.linkLength, s.n)
	f.Scope, f.tunnels, f.layers = p.scope, p.tunnelCount, p.layerCount
}
