package wire

import "strings"

// ALPNProtocol is the protocol, by its Wireshark name, that an ALPN protocol id
// stands for; "" where the id names none that is known. Source: IANA, "TLS
// Application-Layer Protocol Negotiation (ALPN) Protocol IDs".
func ALPNProtocol(id string) string {
	switch id {
	case "http/0.9", "http/1.0", "http/1.1":
		return "http"
	case "h2", "h2c":
		return "http2"
	case "h3":
		return "http3"
	case "spdy/1", "spdy/2", "spdy/3", "spdy/3.1":
		return "spdy"
	case "dot", "doq":
		return "dns"
	case "imap":
		return "imap"
	case "pop3":
		return "pop"
	case "ftp":
		return "ftp"
	case "nntp", "nnsp":
		return "nntp"
	case "managesieve":
		return "managesieve"
	case "xmpp-client", "xmpp-server":
		return "xmpp"
	case "irc":
		return "irc"
	case "sip/2":
		return "sip"
	case "stun.turn", "stun.nat-discovery":
		return "stun"
	case "coap", "co":
		return "coap"
	case "mqtt", "x-amzn-mqtt-ca":
		return "mqtt"
	case "ntske/1":
		return "nts-ke"
	case "smb":
		return "smb2"
	case "sunrpc":
		return "rpc"
	case "tds/8.0":
		return "tds"
	case "postgresql":
		return "pgsql"
	case "radius/1.0", "radius/1.1":
		return "radius"
	case "dicom":
		return "dicom"
	}
	if strings.HasPrefix(id, "h3-") { // drafts of HTTP/3
		return "http3"
	}
	return ""
}

// SoleALPN is the protocol of a client that offers exactly one, else "". A
// server that goes on with the handshake has agreed to it or does without ALPN;
// in TLS 1.3 its answer is encrypted.
func (h *ClientHello) SoleALPN() string {
	if len(h.ALPN) != 1 {
		return ""
	}
	return ALPNProtocol(h.ALPN[0])
}

// joinALPN lists the printable names, comma separated.
func joinALPN(names []string) string {
	var b strings.Builder
	for _, name := range names {
		if name = Printable([]byte(name)); name == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name)
	}
	return b.String()
}
