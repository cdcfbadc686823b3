package tls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

// turn is what one side wrote at once.
type turn struct {
	from flow.Direction
	data []byte
}

// wiretap is a connection whose writes are recorded.
type wiretap struct {
	net.Conn
	from  flow.Direction
	mu    *sync.Mutex
	turns *[]turn
}

func (w wiretap) Write(b []byte) (int, error) {
	w.mu.Lock()
	*w.turns = append(*w.turns, turn{w.from, append([]byte(nil), b...)})
	w.mu.Unlock()
	return w.Conn.Write(b)
}

func serverCertificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "Example Server"},
		DNSNames:     []string{"www.example.org", "example.org"},
		NotBefore:    time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// loopback returns the two ends of a connection that buffers, as net.Pipe does not.
func loopback(t testing.TB) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return client, server
}

// converse records a handshake and one message in each direction. Errors of the
// two ends are part of what is tested.
func converse(t testing.TB, client, server *tls.Config) []turn {
	t.Helper()
	var turns []turn
	var mu sync.Mutex
	a, b := loopback(t)
	deadline := time.Now().Add(5 * time.Second)
	a.SetDeadline(deadline)
	b.SetDeadline(deadline)
	c := tls.Client(wiretap{a, flow.FromClient, &mu, &turns}, client)
	s := tls.Server(wiretap{b, flow.FromServer, &mu, &turns}, server)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := io.ReadFull(s, make([]byte, 4)); err == nil {
			s.Write([]byte("pong"))
		}
		b.Close()
	}()
	if _, err := c.Write([]byte("ping")); err == nil {
		io.ReadFull(c, make([]byte, 4))
	}
	a.Close()
	<-done
	return turns
}

// heard is what the parser said about a conversation.
type heard struct {
	signatures []string
	attributes map[string]string
	declared   []string
	answers    bool
	rejected   bool
	bits       [2]int
}

// listen plays turns to the parser as a session does, at most step new bytes at
// a time.
func listen(p dissect.Parser, turns []turn, step int) heard {
	h := heard{attributes: map[string]string{}}
	var sides [2]struct {
		buf   []byte
		skip  int
		begun bool
		done  bool // nothing more is read
	}
	for _, turn := range turns {
		d := turn.from
		side := &sides[d]
		for data := turn.data; len(data) > 0 && !side.done; {
			n := min(step, len(data))
			skipped := min(n, side.skip)
			side.skip -= skipped
			side.buf = append(side.buf, data[skipped:n]...)
			data = data[n:]
			for len(side.buf) > 0 {
				var r dissect.Report
				m := dissect.Message{
					Data: side.buf, Size: len(side.buf), Open: true, From: d,
					First: !side.begun, Context: &dissect.Context{Transport: "tcp"},
				}
				outcome := p.Parse(&m, &r)
				if outcome == dissect.Reject {
					h.rejected = true
					return h
				}
				if outcome == dissect.NeedMore || r.Incomplete {
					break
				}
				side.begun = true
				h.take(&r, d)
				if side.done = r.Length == 0; side.done {
					break
				}
				n := min(r.Length, len(side.buf))
				side.skip = r.Length - n
				side.buf = side.buf[n:]
			}
		}
	}
	return h
}

func (h *heard) take(r *dissect.Report, d flow.Direction) {
	h.signatures = append(h.signatures, d.String()+" "+r.Signature)
	for _, a := range r.Attributes {
		h.attributes[a.Name] = a.Value
	}
	h.declared = append(h.declared, r.Declared...)
	h.answers = h.answers || r.Answers
	h.bits[d] = max(h.bits[d], r.Bits)
}
