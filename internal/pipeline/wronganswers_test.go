package pipeline

import (
	"encoding/hex"
	"testing"
)

func unhex(t *testing.T, s string) string {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Wrong answers of other engines that come from packets rather than payload;
// those from payload are in package signatures.
func TestWrongAnswersOfOthers(t *testing.T) {
	const web = "203.0.113.5:"
	alert := func(t *testing.T) string { return unhex(t, "15030300020228") }
	tests := []struct {
		engine, what string
		frames       func(t *testing.T) [][]byte
		want         string
	}{
		{"nDPI #3229", "a SYN to a port of SMB is no SMB", func(*testing.T) [][]byte {
			return [][]byte{newWire("10.0.0.1:50000", web+"445").tcp(fromClient, "S", "")}
		}, ""},
		{"nDPI #3229", "nor is a whole handshake", func(*testing.T) [][]byte {
			return newWire("10.0.0.1:50000", web+"445").handshake()
		}, ""},
		{"nDPI #1946", "padding in bare ACKs does not hide what comes behind it", func(t *testing.T) [][]byte {
			w := newWire("10.0.0.1:50000", web+"443")
			frames := append(w.handshake(), w.tcp(fromClient, "A", "\x00\x00\x00\x00\x00\x00"))
			w.seq[fromClient] -= 6
			return append(frames, w.tcp(fromClient, "PA", alert(t)), w.tcp(fromServer, "PA", alert(t)))
		}, "tls"},
		{"nDPI", "TLS on the default port is not said by the port", func(*testing.T) [][]byte {
			w := newWire("10.0.0.1:50000", web+"443")
			return append(w.handshake(), w.tcp(fromClient, "PA", "\x91\x02\x44\x13\x00\x7a"), w.tcp(fromServer, "PA", "\x07\x31\x99"))
		}, ""},
		{"Zeek #2282", "HTTP from a client's port of DNS", func(*testing.T) [][]byte {
			w := newWire("10.0.0.1:53", web+"8080")
			return append(w.handshake(), w.tcp(fromClient, "PA", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), w.tcp(fromServer, "PA", "HTTP/1.1 204 No Content\r\n\r\n"))
		}, "http"},
		{"Zeek #5840", "a plain DNS query from a host's port of multicast DNS", func(t *testing.T) [][]byte {
			w := newWire("10.0.0.1:5353", "10.0.0.53:53")
			return [][]byte{w.datagram(fromClient, unhex(t, "00070100000100000000000003777777076578616d706c65036f72670000010001"))}
		}, "dns"},
		{"nDPI #86", "an address of a large host is no protocol", func(*testing.T) [][]byte {
			w := newWire("10.0.0.1:50000", "52.95.110.1:443")
			return append(w.handshake(), w.tcp(fromClient, "PA", "\x00\x05\x17\xa0"))
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.engine+"/"+tt.what, func(t *testing.T) {
			o := feed(t, Config{}, tt.frames(t)...)
			if len(o.flows) != 1 {
				t.Fatalf("%d flows", len(o.flows))
			}
			if got := stack(o.flows[0]); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// What nDPI names by the family or not at all is in captures of our own.
func TestWrongAnswersOfOthersInCaptures(t *testing.T) {
	tests := []struct {
		capture, transport string
		port               uint16
		want               string
	}{
		{"netbios/browser.pcap", "udp", 138, "nbdgm smb mailslot browser"}, // nDPI: NetBIOS.SMBv1
		{"nfs/v3.pcap", "tcp", 111, "rpc portmap"},                         // nDPI: NFS
		{"tftp/read.pcap", "udp", 69, "tftp"},
	}
	for _, tt := range tests {
		t.Run(tt.capture, func(t *testing.T) {
			o := read(t, tt.capture, Config{})
			if got := stack(o.flow(t, tt.transport, 0, tt.port)); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
