package trace

import (
	"fmt"
	"net"
	"os"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	at := time.Now()
	tr, err := Open()
	if err != nil {
		t.Fatalf("%+v", err)
	}
	defer tr.Close()
	fmt.Println("open", time.Since(at))
	n := 0
	at = time.Now()
	fmt.Println(tr.Holdings(func(h *Holding) { n++; fmt.Println(*h, h.Name) }))
	fmt.Println(n, time.Since(at))
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	c, _ := net.Dial("tcp", l.Addr().String())
	s, _ := l.Accept()
	c.Write([]byte("x"))
	s.Read(make([]byte, 10))
	u, _ := net.ListenPacket("udp", ":0")
	u2, _ := net.Dial("udp", fmt.Sprintf("[::1]:%d", u.LocalAddr().(*net.UDPAddr).Port))
	u2.Write([]byte("x"))
	u.ReadFrom(make([]byte, 10))
	fmt.Println(os.Getpid())
	tr.Events(func(e *Event) { fmt.Println(*e, e.Name) })
	fmt.Println(tr.Lost())
}
