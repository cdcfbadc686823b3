package wire

import "crypto/tls"

// ServerHello is a server's choice, RFC 8446 §4.1.3.
type ServerHello struct {
	// Version is the version chosen, by the supported_versions extension where
	// there is one.
	Version uint16
	// Legacy is the version in the hello's own field.
	Legacy      uint16
	CipherSuite uint16
	// Extensions are the types of all extensions, in the server's order.
	Extensions []uint16
	SessionID  []byte
	// ALPN is the protocol chosen; "" if none is, or if it is hidden as in TLS
	// 1.3, where it comes encrypted.
	ALPN string
	// Retry says that this is a HelloRetryRequest.
	Retry bool
	// PreSharedKey says that a TLS 1.3 server took up a key from before.
	PreSharedKey bool
}

// retryRandom is the random of a HelloRetryRequest, RFC 8446 §4.1.3: the
// SHA-256 hash of that word.
const retryRandom = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91" +
	"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

// ParseServerHello reads the body of a ServerHello; see [ParseClientHello].
func ParseServerHello(c *Cursor, d Dialect) ServerHello {
	var h ServerHello
	h.Version = c.U16()
	h.Legacy = h.Version
	if h.Version>>8 == 0x7f {
		h.draft(c)
		return h
	}
	c.Require(d.legacy(h.Version))
	h.Retry = string(c.Bytes(32)) == retryRandom
	n := int(c.U8())
	c.Require(n <= 32)
	h.SessionID = append(h.SessionID, c.Bytes(n)...)
	h.CipherSuite = c.U16()
	c.Require(c.U8() <= 64) // compression: null, DEFLATE, LZS, RFC 3943
	if !c.OK() || c.Left() == 0 {
		return h
	}
	h.extensions(c, d)
	return h
}

// draft reads what follows the version in drafts of TLS 1.3 before the 22nd:
// neither session id nor compression, draft-ietf-tls-tls13-21 §4.1.3.
func (h *ServerHello) draft(c *Cursor) {
	c.Skip(32) // random
	h.CipherSuite = c.U16()
	h.extensions(c, TLS)
}

func (h *ServerHello) extensions(c *Cursor, d Dialect) {
	n := int(c.U16())
	c.Require(n == c.Left())
	for c.OK() && c.Left() > 0 {
		id := c.U16()
		body := c.Sub(int(c.U16()))
		if c.State() != Bad {
			h.Extensions = append(h.Extensions, id)
			h.extension(id, &body, d)
		}
	}
}

func (h *ServerHello) extension(id uint16, c *Cursor, d Dialect) {
	switch id {
	case extSupportedVersions:
		if v := c.U16(); c.OK() && (d.legacy(v) || v>>8 == 0x7f) { // 7f: drafts of TLS 1.3
			h.Version = v
		}
	case extALPN:
		if names := alpnList(c); len(names) > 0 {
			h.ALPN = names[0]
		}
	case extPreSharedKey:
		h.PreSharedKey = true
	}
}

// Modern reports whether the version is TLS 1.3 or DTLS 1.3, or a draft of it:
// what follows the hellos is encrypted.
func (h *ServerHello) Modern() bool {
	return h.Version == 0x0304 || h.Version == 0xfefc || h.Version>>8 == 0x7f
}

// Describe reports the choice by name: tls.version, tls.cipher, tls.alpn and
// tls.handshake.ja3s. A HelloRetryRequest names a version and a suite as well; it
// has no fingerprint.
func (h *ServerHello) Describe(attribute func(name, value string)) {
	attribute("tls.version", VersionName(h.Version))
	attribute("tls.cipher", tls.CipherSuiteName(h.CipherSuite))
	attribute("tls.alpn", Printable([]byte(h.ALPN)))
	if !h.Retry {
		attribute("tls.handshake.ja3s", h.JA3S())
	}
}

// Resumed reports whether the server took up an earlier session: it repeats the
// session id that the client offered (RFC 5246 §7.4.1.3), or accepts a
// pre-shared key (RFC 8446 §2.2).
func (h *ServerHello) Resumed(offered []byte) bool {
	if h.Modern() {
		return h.PreSharedKey
	}
	return len(offered) > 0 && string(offered) == string(h.SessionID)
}

// VersionName is the name of a protocol version, such as "1.3", "SSL 3.0" or
// "DTLS 1.2"; "" for one that is not known.
func VersionName(v uint16) string {
	switch v {
	case 0x0002:
		return "SSL 2.0"
	case 0x0300:
		return "SSL 3.0"
	case 0x0301:
		return "1.0"
	case 0x0302:
		return "1.1"
	case 0x0303:
		return "1.2"
	case 0x0304:
		return "1.3"
	case 0xfeff, 0x0100: // 0100: Cisco's early DTLS
		return "DTLS 1.0"
	case 0xfefd:
		return "DTLS 1.2"
	case 0xfefc:
		return "DTLS 1.3"
	}
	if v>>8 == 0x7f {
		return "1.3" // 7f nn: draft nn
	}
	return ""
}
