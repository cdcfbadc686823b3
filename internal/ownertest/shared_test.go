//go:build linux

package ownertest

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"testing"
	"time"
)

// goActor serves as the actor of "serve" does, by Go's own listener, which is one
// of MPTCP unless it is told otherwise.
func goActor() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("port", l.Addr().(*net.TCPAddr).Port)
	fmt.Println("held", os.Getpid())
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1)) // until the test closes it
		os.Exit(0)
	}()
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		if _, err := c.Read(make([]byte, 16)); err == nil {
			_, _ = c.Write([]byte("ok"))
			fmt.Println("served", c.RemoteAddr().(*net.TCPAddr).Port, os.Getpid())
		}
		c.Close()
	}
}

// server is one of several processes with the same port.
type server struct {
	transport, address, how string
	elsewhere               bool // in another network namespace
}

// Processes that have the same port: each flow is of the one that served it.
func TestSharedPort(t *testing.T) {
	asked(t)
	for _, tt := range []struct {
		name    string
		servers [2]server
	}{
		{"TCP and UDP", [2]server{{"tcp", "127.0.0.1", "plain", false}, {"udp", "127.0.0.1", "plain", false}}},
		{"two addresses", [2]server{{"tcp", "127.0.0.1", "plain", false}, {"tcp", "127.0.0.2", "plain", false}}},
		{"IPv4 and IPv6", [2]server{{"udp", "127.0.0.1", "plain", false}, {"udp", "::1", "plain", false}}},
		{"SO_REUSEPORT, TCP", [2]server{{"tcp", "127.0.0.1", "reuseport", false}, {"tcp", "127.0.0.1", "reuseport", false}}},
		{"SO_REUSEPORT, UDP", [2]server{{"udp", "127.0.0.1", "reuseport", false}, {"udp", "127.0.0.1", "reuseport", false}}},
		{"a wildcard and an address", [2]server{{"tcp", "0.0.0.0", "reuseport", false}, {"tcp", "127.0.0.1", "reuseport", false}}},
		{"two namespaces", [2]server{{"tcp", "127.0.0.1", "plain", false}, {"tcp", "127.0.0.1", "plain", true}}},
	} {
		for _, first := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, sniffid first %v", tt.name, first), func(t *testing.T) { share(t, tt.servers, first) })
		}
	}
}

func share(t *testing.T, servers [2]server, first bool) {
	var w *watcher
	if first {
		w = watch(t)
	}
	port := "0"
	var actors [2]*actor
	for i, s := range servers {
		var before []string
		if s.elsewhere {
			before = []string{"unshare", "--net", "sh", "-c", `ip link set lo up; exec "$0" "$@"`}
		}
		actors[i] = play(t, before, "serve", s.transport, s.address, port, s.how)
		port = strconv.Itoa(actors[i].next(t, "port")[0])
		actors[i].next(t, "held")
	}
	if w == nil {
		w = watch(t)
	}
	const calls = 8 // enough for both of those who share to have some, nearly always
	truth := map[string]int{}
	for range calls {
		for _, s := range servers {
			if s.elsewhere {
				continue
			}
			address := s.address
			if address == "0.0.0.0" {
				address = "127.0.0.3"
			}
			c, err := net.Dial(s.transport, net.JoinHostPort(address, port))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Write([]byte("?")); err != nil {
				t.Fatal(err)
			}
			if n, err := c.Read(make([]byte, 16)); n != 2 {
				t.Fatal("no answer:", err)
			}
			c.Close()
			var told []int
			select { // whoever has served
			case words := <-actors[0].lines:
				told = []int{number(t, words[1]), number(t, words[2])}
			case words := <-actors[1].lines:
				told = []int{number(t, words[1]), number(t, words[2])}
			case <-time.After(5 * time.Second):
				t.Fatal("nobody says that it served")
			}
			// Calls to different servers may have the same port of the client.
			truth[s.transport+" "+c.LocalAddr().String()+" "+c.RemoteAddr().String()] = told[1]
		}
	}
	time.Sleep(50 * time.Millisecond)
	seen := 0
	for _, f := range w.flows(t) {
		text := func(addr string, port int) string { return net.JoinHostPort(addr, strconv.Itoa(port)) }
		pid, known := truth[f.Transport+" "+text(f.Client.Addr, f.Client.Port)+" "+text(f.Server.Addr, f.Server.Port)]
		if !known {
			continue
		}
		seen++
		(&ownership{}).judge(t, "the flow's server", f.Server.Owner, []int{pid}, true)
	}
	if seen < len(truth) {
		t.Errorf("%d flows of %d were seen", seen, len(truth))
	}
}

func number(t *testing.T, word string) int {
	t.Helper()
	n, err := strconv.Atoi(word)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
