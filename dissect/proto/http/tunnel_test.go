package http

import (
	"strings"
	"testing"

	"github.com/sniffid/sniffid/dissect"
)

func TestTransitions(t *testing.T) {
	const rpcPDU = "\x05\x00\x14\x03\x10\x00\x00\x00"
	tests := []struct {
		name, request, response string
		client                  bool // whether the client's message carries it
		offset                  int
	}{
		{"connect", "CONNECT a:443 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 Connection established\r\n\r\n", false, 39},
		{"connect refused", "CONNECT a:443 HTTP/1.1\r\n\r\n", "HTTP/1.1 407 Authenticate\r\nContent-Length: 0\r\n\r\n", false, -1},
		{"websocket", "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", false, 56},
		{"upgrade refused", "GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, -1},
		{"tunnel without its request", "", "HTTP/1.1 200 Connection Established\r\nVia: a\r\n\r\n", false, 47},
		{"get is no tunnel", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 Connection established\r\n\r\n", false, -1},
		{"rpc in", "RPC_IN_DATA /rpc/rpcproxy.dll?a:593 HTTP/1.1\r\nContent-Length: 1073741824\r\n\r\n" + rpcPDU, "", true, 76},
		{"rpc echo", "RPC_IN_DATA /rpc/rpcproxy.dll?a:593 HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "", true, -1},
		{"rpc out", "RPC_OUT_DATA / HTTP/1.1\r\nContent-Length: 8\r\n\r\n" + rpcPDU, "HTTP/1.1 200 Success\r\nContent-Length: 1073741824\r\n\r\n" + rpcPDU, false, 52},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newConversation(t)
			if tt.request != "" {
				c.client(tt.request)
			}
			if !tt.client {
				c.server(tt.response)
			}
			got := -1
			if tr := c.reports[len(c.reports)-1].Transition; tr != nil {
				got = tr.Offset
			}
			if got != tt.offset {
				t.Errorf("transition at %d, want %d", got, tt.offset)
			}
		})
	}
}

// A server that answers the client's key proves WebSocket (the key and answer of
// RFC 6455 §1.3).
func TestWebSocketHandshake(t *testing.T) {
	const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
	tests := []struct {
		name, key, response string
		want                int // layers
	}{
		{"right", "dGhlIHNhbXBsZSBub25jZQ==", "Upgrade: WebSocket\r\nSec-WebSocket-Accept: " + accept, 1},
		{"wrong answer", "dGhlIHNhbXBsZSBub25jZQ==", "Upgrade: websocket\r\nSec-WebSocket-Accept: " + accept[1:], 0},
		{"no answer", "dGhlIHNhbXBsZSBub25jZQ==", "Upgrade: websocket", 0},
		{"no key", "", "Upgrade: websocket\r\nSec-WebSocket-Accept: " + accept, 0},
		{"another upgrade", "dGhlIHNhbXBsZSBub25jZQ==", "Upgrade: h2c\r\nSec-WebSocket-Accept: " + accept, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newConversation(t)
			c.client("GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: " + tt.key + "\r\n\r\n")
			c.server("HTTP/1.1 101 Switching Protocols\r\n" + tt.response + "\r\n\r\n")
			r := c.reports[len(c.reports)-1]
			if len(r.Layers) != tt.want || r.Transition == nil {
				t.Errorf("layers %v, transition %v", r.Layers, r.Transition)
			}
		})
	}
}

// A tunnel whose opening was not captured shows by what goes through it.
func TestLostOpening(t *testing.T) {
	const hello = "\x16\x03\x01\x00\x05"
	connect := func(t *testing.T) *conversation {
		c := newConversation(t)
		c.client("CONNECT a:443 HTTP/1.1\r\n\r\n")
		return c
	}
	t.Run("server's bytes", func(t *testing.T) {
		c := connect(t)
		c.client(hello)
		c.server(hello)
		if got := c.signatures(); got != "request tunnel" {
			t.Errorf("messages: %s", got)
		}
	})
	t.Run("client's bytes alone", func(t *testing.T) {
		c := connect(t)
		c.client(hello)
		c.client(strings.Repeat("\x00", maxEarly))
		if got := c.signatures(); got != "request tunnel" {
			t.Errorf("messages: %s", got)
		}
	})
	t.Run("server that is no proxy", func(t *testing.T) {
		c := connect(t)
		if o := c.server("SSH-2.0-a\r\n"); o != dissect.Reject {
			t.Errorf("outcome = %v, want Reject", o)
		}
	})
}

// Bytes that a client sends before the answer to CONNECT are not judged.
func TestEarlyTunnelBytes(t *testing.T) {
	c := newConversation(t)
	c.client("CONNECT a:443 HTTP/1.1\r\n\r\n")
	if o := c.client("\x16\x03\x01\x00\x05"); o != dissect.NeedMore {
		t.Errorf("outcome = %v, want NeedMore", o)
	}
	c.server("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
	if o := c.client("\x00"); o != dissect.Reject {
		t.Errorf("outcome after refusal = %v, want Reject", o)
	}
}
