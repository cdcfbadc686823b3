package rpc

// Authentication flavors, RFC 5531 §8.2 and the IANA registry it founded; those
// of GlusterFS are its own.
const (
	authSys = 1
	authTLS = 7 // RFC 9289 §4.1

	maxFlavor      = 7
	pseudoFirst    = 390000 // pseudo-flavors and private ones
	pseudoLast     = 390255
	maxAuth        = 400 // bytes of a body, RFC 5531 §8.2
	flavorBits     = 23  // 264 of 2^32 values
	authLengthBits = 23  // 401 of 2^32 values
	authBits       = flavorBits + authLengthBits
)

func knownFlavor(v uint32) bool {
	return v <= maxFlavor || v >= pseudoFirst && v <= pseudoLast
}

// auth is a credential or a verifier.
type auth struct {
	flavor uint32
	body   []byte
}

// auth reads a credential or verifier, RFC 5531 §8.2.
func (d *xdr) auth() auth {
	a := auth{flavor: d.u32()}
	if d.ok() && !knownFlavor(a.flavor) {
		d.bad = true
	}
	a.body = d.opaque(maxAuth)
	return a
}

// machine returns the client's name in an AUTH_SYS credential, and whether the
// credential's parts fill it, RFC 5531 appendix A.
func (a auth) machine() (name []byte, fits bool) {
	const maxName, maxGroups = 255, 16
	if a.flavor != authSys || a.body == nil {
		return nil, false
	}
	d := xdr{b: a.body}
	d.u32() // stamp
	name = d.opaque(maxName)
	d.bytes(8) // uid, gid
	d.bytes(4 * int(d.atMost(maxGroups)))
	return name, d.ok() && d.at == len(a.body)
}
