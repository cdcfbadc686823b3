package wire

// The TLS extension types that are looked into, from the IANA registry "TLS
// ExtensionType Values".
const (
	extServerName          = 0  // RFC 6066 §3
	extSupportedGroups     = 10 // RFC 8422 §5.1.1, RFC 8446 §4.2.7
	extPointFormats        = 11 // RFC 8422 §5.1.2
	extSignatureAlgorithms = 13 // RFC 8446 §4.2.3
	extALPN                = 16 // RFC 7301 §3.1
	extPreSharedKey        = 41 // RFC 8446 §4.2.11
	extSupportedVersions   = 43 // RFC 8446 §4.2.1
)

// maxALPN bounds how many of a client's protocol names are kept.
const maxALPN = 16

// ClientHello is what a TLS client says of itself, RFC 8446 §4.1.2. The lists
// are in the client's order and hold GREASE values (RFC 8701) as sent.
type ClientHello struct {
	// Version is legacy_version: what the client supports at most if there is
	// no Versions.
	Version      uint16
	SessionID    []byte
	CipherSuites []uint16
	// Extensions are the types of all extensions.
	Extensions          []uint16
	ServerName          string
	ALPN                []string
	Versions            []uint16
	SignatureAlgorithms []uint16
	Groups              []uint16
	PointFormats        []uint8
}

// Dialect tells apart the two encodings of the hello messages.
type Dialect uint8

// The dialects of the handshake.
const (
	TLS  Dialect = iota
	DTLS         // RFC 6347, RFC 9147: other version numbers, and a cookie
)

// ParseClientHello reads the body of a ClientHello, the four or twelve bytes of
// its handshake header left out. Where c's state is Cut afterwards, the fields
// up to the cut are set. An extension whose contents are malformed is listed,
// and its contents are ignored.
func ParseClientHello(c *Cursor, d Dialect) ClientHello {
	var h ClientHello
	h.Version = c.U16()
	c.Require(d.legacy(h.Version))
	c.Skip(32) // random
	n := int(c.U8())
	c.Require(n <= 32)
	h.SessionID = append(h.SessionID, c.Bytes(n)...)
	if d == DTLS {
		c.Skip(int(c.U8())) // cookie, RFC 6347 §4.2.1
	}
	n = int(c.U16())
	c.Require(n >= 2 && n%2 == 0)
	suites := c.Sub(n)
	h.CipherSuites = suites.list16()
	n = int(c.U8())
	c.Require(n >= 1)
	c.Skip(n) // compression methods
	if !c.OK() || c.Left() == 0 {
		return h // RFC 5246 §7.4.1.2: a hello may end without extensions
	}
	n = int(c.U16())
	c.Require(n == c.Left())
	for c.OK() && c.Left() > 0 {
		id := c.U16()
		body := c.Sub(int(c.U16()))
		if c.State() == Bad {
			break
		}
		h.Extensions = append(h.Extensions, id)
		h.extension(id, &body)
	}
	return h
}

// legacy reports whether v can stand in a hello's version field.
func (d Dialect) legacy(v uint16) bool {
	if d == DTLS {
		return v>>8 == 0xfe || v == 0x0100
	}
	return v>>8 == 3 && v <= 0x0304
}

func (h *ClientHello) extension(id uint16, c *Cursor) {
	switch id {
	case extServerName:
		list := c.Sub(int(c.U16()))
		if list.U8() == 0 && list.OK() { // host_name
			h.ServerName = Printable(list.Bytes(int(list.U16())))
		}
	case extALPN:
		h.ALPN = alpnList(c)
	case extSupportedVersions:
		list := c.Sub(int(c.U8()))
		h.Versions = list.list16()
	case extSignatureAlgorithms:
		list := c.Sub(int(c.U16()))
		h.SignatureAlgorithms = list.list16()
	case extSupportedGroups:
		list := c.Sub(int(c.U16()))
		h.Groups = list.list16()
	case extPointFormats:
		h.PointFormats = append(h.PointFormats[:0], c.Bytes(int(c.U8()))...)
	}
}

// alpnList reads a ProtocolNameList, RFC 7301 §3.1. The names are raw bytes.
func alpnList(c *Cursor) []string {
	list := c.Sub(int(c.U16()))
	var names []string
	for list.OK() && list.Left() > 0 && len(names) < maxALPN {
		name := list.Bytes(int(list.U8()))
		if list.OK() && len(name) > 0 {
			names = append(names, string(name))
		}
	}
	if !list.OK() {
		return nil // part of a list would be taken for all of it
	}
	return names
}

// list16 reads 16-bit values up to the end, or to the cut.
func (c *Cursor) list16() []uint16 {
	if c.state != Whole || len(c.data)-c.pos < 2 {
		return nil
	}
	list := make([]uint16, 0, (len(c.data)-c.pos)/2)
	for c.Left() >= 2 {
		v := c.U16()
		if !c.OK() {
			break
		}
		list = append(list, v)
	}
	return list
}

// grease reports whether v is one of the sixteen values that clients strew in
// to keep servers tolerant, RFC 8701 §2.
func grease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

// MaxVersion is the highest version that the client offers.
func (h *ClientHello) MaxVersion() uint16 {
	best := uint16(0)
	for _, v := range h.Versions {
		if !grease(v) && (best == 0 || newer(v, best)) {
			best = v
		}
	}
	if best == 0 {
		return h.Version
	}
	return best
}

// newer compares versions; those of DTLS count downwards.
func newer(a, b uint16) bool {
	if a>>8 == 0xfe && b>>8 == 0xfe {
		return a < b
	}
	return a > b
}

// Offers reports whether suite is among the client's cipher suites.
func (h *ClientHello) Offers(suite uint16) bool {
	for _, s := range h.CipherSuites {
		if s == suite {
			return true
		}
	}
	return false
}

// Describe reports the hello's facts by name: tls.sni, tls.alpn.offered and, if
// whole, tls.handshake.ja4 and tls.handshake.ja3; for JA4 carrier is 't' (TCP), 'q' (QUIC) or 'd' (DTLS).
func (h *ClientHello) Describe(carrier byte, whole bool, attribute func(name, value string)) {
	attribute("tls.sni", h.ServerName)
	attribute("tls.alpn.offered", joinALPN(h.ALPN))
	if whole {
		attribute("tls.handshake.ja4", h.JA4(carrier))
		attribute("tls.handshake.ja3", h.JA3())
	}
}
