package owner

import (
	"net"
	"testing"
)

// Without BPF the kernel is asked for each conversation.
func BenchmarkAsk(b *testing.B) {
	m, err := Open(Config{NoEvents: true})
	if err != nil {
		b.Skip(err)
	}
	defer m.Close()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if err := m.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	q := Query{Transport: "tcp", Local: c.LocalAddr().(*net.TCPAddr).AddrPort(), Remote: c.RemoteAddr().(*net.TCPAddr).AddrPort()}
	for b.Loop() {
		if o := m.Lookup(q); !o.Known() {
			b.Fatalf("%+v", o)
		}
	}
}
