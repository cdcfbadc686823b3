// Package builtin lists the protocols that are parsed by Go code.
package builtin

import (
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/proto/dcerpc"
	"github.com/sniffid/sniffid/dissect/proto/dns"
	"github.com/sniffid/sniffid/dissect/proto/dtls"
	"github.com/sniffid/sniffid/dissect/proto/http"
	"github.com/sniffid/sniffid/dissect/proto/http2"
	"github.com/sniffid/sniffid/dissect/proto/quic"
	"github.com/sniffid/sniffid/dissect/proto/rpc"
	"github.com/sniffid/sniffid/dissect/proto/tls"
	"github.com/sniffid/sniffid/dissect/proto/websocket"
)

// All returns the native parsers by the name that signature files bind them to
// with "native:". Each entry makes a parser for one conversation. The map
// belongs to the caller.
func All() map[string]func() dissect.Parser {
	return map[string]func() dissect.Parser{
		"dcerpc":    dcerpc.New,
		"dns":       dns.New,
		"dtls":      dtls.New,
		"http":      http.New,
		"http2":     http2.New,
		"llmnr":     dns.NewLinkLocal,
		"mdns":      dns.NewMulticast,
		"quic":      quic.New,
		"rpc":       rpc.New,
		"tls":       tls.New,
		"websocket": websocket.New,
	}
}
