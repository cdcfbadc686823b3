package signatures_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/signatures"
)

// wrongAnswer is an exchange that another engine is known to have answered wrongly.
type wrongAnswer struct {
	engine    string // whose answer, and where it is reported
	what      string
	transport string
	exchange  []string // "c BYTES" or "s BYTES", in the notation of signature files
	middle    bool     // the capture began later
	server    string   // its address, where it matters
	want      string   // the stack; "" for no name
}

const smb2Echo = `fe "SMB" 40 00 00 00 00 00 00 00 0d 00 01 00 00 00 00 00 00 00 00 00 05 00*7 ff fe 00 00 00*4 99 00*7 00*16 04 00 00 00`

// What other engines answered wrongly is answered rightly: each row is a report
// or a measurement of a wrong answer, as an exchange with its right one.
func wrongAnswers() []wrongAnswer {
	return []wrongAnswer{
		{
			"nDPI #1788, #2921", "DNS on a port of its own", "udp",
			[]string{`c 12 34 01 00 00 01 00 00 00 00 00 00 07 "example" 03 "org" 00 00 01 00 01`, `s 12 34 81 83 00 01 00 00 00 00 00 00 07 "example" 03 "org" 00 00 01 00 01`},
			false, "", "dns",
		},
		{
			"nDPI #3048", "DCE/RPC, a bind for directory replication (drsuapi)", "tcp",
			[]string{
				"c 05 00 0b 03 10 00 00 00 48 00 00 00 01 00 00 00 d0 16 d0 16 00 00 00 00 01 00 00 00 00 00 01 00 35 42 51 e3 06 4b d1 11 ab 04 00 c0 4f c2 dc d2 04 00 00 00 04 5d 88 8a eb 1c c9 11 9f e8 08 00 2b 10 48 60 02 00 00 00",
				`s 05 00 0c 03 10 00 00 00 44 00 00 00 01 00 00 00 d0 16 d0 16 01 00 00 00 06 00 "49152" 00 00 00 00 00 01 00 00 00 00 00 00 00 04 5d 88 8a eb 1c c9 11 9f e8 08 00 2b 10 48 60 02 00 00 00`,
			},
			false, "", "dcerpc drsuapi",
		},
		{
			"nDPI #189", "DCE/RPC on a dynamic port, picked up at a request", "tcp",
			[]string{
				"c 05 00 00 03 10 00 00 00 20 00 00 00 02 00 00 00 08 00 00 00 00 00 05 00 00 00 00 00 00 00 00 00",
				"s 05 00 02 03 10 00 00 00 20 00 00 00 02 00 00 00 08 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
			},
			true, "", "dcerpc",
		},
		{
			"nDPI #917", "SMB2 without NetBIOS is one protocol, whatever the port", "tcp",
			[]string{"c 00 00 00 44 " + smb2Echo},
			false, "", "nbss smb2",
		},
		{
			"nDPI #2231", "an answer of HTTP to garbage is no RDP", "tcp",
			[]string{`c 03 00 00 2f 00 00`, `s "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nConnection: close\r\n\r\n"`},
			false, "", "http",
		},
		{
			"nDPI #2161", "S7comm-plus is no RDP", "tcp",
			[]string{
				"c 03 00 00 16 11 e0 00 00 00 01 00 c1 02 01 00 c2 02 01 02 c0 01 0a",
				"s 03 00 00 16 11 d0 00 01 00 07 00 c0 01 0a c1 02 01 00 c2 02 01 02",
				"c 03 00 00 18 02 f0 80 72 01 00 09 31 00 00 04 ca 00 00 00 01 72 01 00 00",
			},
			false, "", "tpkt cotp s7comm-plus",
		},
		{
			"nDPI #2382", "one PUBLISH of MQTT is no TLS", "tcp",
			[]string{`c 30 14 00 09 "a/b/state" 7b "on" 22 3a "true" 7d 0a`},
			true, "", "",
		},
		{
			"nDPI #2175, #2176", "RTP is no FINS", "udp",
			[]string{"c 80 00 02 00 00 00 01 00 11 22 33 44 d5*160", "c 80 00 02 01 00 00 01 a0 11 22 33 44 d5*160", "c 80 00 02 02 00 00 02 40 11 22 33 44 d5*160", "c 80 00 02 03 00 00 02 e0 11 22 33 44 d5*160"},
			false, "", "rtp",
		},
		{
			"nDPI #2175", "a QUIC of long ago, or ESP, is no FINS", "udp",
			[]string{"c 80 00 02 00 7a 3e 90 11 5c 02 88 f1 33 a9 40 07 1f 66"},
			false, "", "",
		},
		{
			"nDPI #2372", "a length and a version in big-endian are no Kafka", "tcp",
			[]string{"c 00 00 00 10 00 12 00 03 00 00 00 01 ff ff 9a 77 31 42 c8 05", "s 00 00 00 0c 5a 11 92 7e 00 00 81 22 00 13 77 01"},
			false, "", "",
		},
		{
			"nDPI #2159", "nine bytes of an ICS protocol are no Cassandra", "tcp",
			[]string{"c 04 00 00 01 05 00 00 00 0a 11 22 33", "s 84 00 00 02 06 00 00 00 44 77"},
			false, "", "",
		},
		{
			"nDPI #2540", "BER alone is no Z39.50", "tcp",
			[]string{"c b4 0a 02 01 05 81 02 05 a0 82 01 00"},
			false, "", "",
		},
		{
			"nDPI #2119, #2428", "a serialisation is no protocol", "udp",
			[]string{`c 08 96 01 12 07 "testing" 1a 02 08 01`, `s 08 96 01 12 02 "ok"`},
			false, "", "",
		},
		{
			"nDPI #218", "STUN, then SIP: one after the other, and no brand", "udp",
			[]string{
				"c 00 01 00 00 21 12 a4 42 01 02 03 04 05 06 07 08 09 0a 0b 0c",
				"s 01 01 00 0c 21 12 a4 42 01 02 03 04 05 06 07 08 09 0a 0b 0c 00 20 00 08 00 01 11 22 33 44 55 66",
			},
			false, "", "stun",
		},
		{
			"nDPI gtp_false_positive", "a message that is no GTP, on whatever port", "udp",
			[]string{"c 32 01 00 00 9a 9a", "s 31 02 00 20 11 22"},
			false, "", "",
		},
		{
			"nDPI mongo_false_positive", "TLS in the middle of a connection", "tcp",
			[]string{"c 17 03 03 00 20 a1*32 17 03 03 00 10 b2*16", "s 17 03 03 00 18 c3*24"},
			true, "", "tls",
		},
		{
			"nDPI nfsv2, nfsv3", "MOUNT is no NFS", "udp",
			[]string{
				"c 00 00 00 07 00 00 00 00 00 00 00 02 00 01 86 a5 00 00 00 03 00 00 00 00 00*16",
				"s 00 00 00 07 00 00 00 01 00 00 00 00 00*8 00 00 00 00",
			},
			false, "", "rpc mount",
		},
		{
			"nDPI nfsv2, nfsv3", "the port mapper is no NFS", "udp",
			[]string{
				"c 00 00 00 09 00 00 00 00 00 00 00 02 00 01 86 a0 00 00 00 02 00 00 00 03 00*16 00 01 86 a3 00 00 00 03 00 00 00 11 00 00 00 00",
				"s 00 00 00 09 00 00 00 01 00 00 00 00 00*8 00 00 00 00 00 00 08 01",
			},
			false, "", "rpc portmap",
		},
		{
			"nDPI kerberos", "SMB2 in the middle of a connection", "tcp",
			[]string{"c 9a 3e 11 27 81", "c 00 00 00 44 " + smb2Echo, "c 00 00 00 44 " + smb2Echo},
			true, "", "nbss smb2",
		},
		{
			"nDPI gnutella", "a host's TLS is TLS, whatever else the host speaks", "tcp",
			[]string{"s 15 03 03 00 02 02 28"},
			true, "", "tls",
		},
		{
			"nDPI tftp", "a TFTP read request on another port", "udp",
			[]string{`c 00 01 "boot/pxe.img" 00 "octet" 00`, "s 00 03 00 01 aa*512"},
			false, "", "tftp",
		},
		{
			"Zeek #5204", "a client's HTTP does not make an SSH server a web server", "tcp",
			[]string{`s "SSH-2.0-OpenSSH_9.2p1\r\n"`, `c "GET / HTTP/1.1\r\nHost: a\r\n\r\n"`},
			false, "", "ssh",
		},
		{
			"Zeek #4251", "nor does it make one of a server that hangs up with a line of its own", "tcp",
			[]string{`c "GET / HTTP/1.1\r\nHost: a\r\n\r\n"`, `s "ERR 17 unknown verb GET\n\x00\x01"`},
			false, "", "",
		},
		{
			"Zeek #3099", "SOCKS 5, as servers answer", "tcp",
			[]string{"c 05 02 00 02", "s 05 00", `c 05 01 00 03 0b "example.org" 01 bb`, "s 05 00 00 01 00 00 00 00 00 00"},
			false, "", "socks",
		},
		{
			"Zeek spicy-ldap #2", "SNMP is no LDAP", "udp",
			[]string{
				`c 30 26 02 01 01 04 06 "public" a0 19 02 01 07 02 01 00 02 01 00 30 0e 30 0c 06 08 2b 06 01 02 01 01 01 00 05 00`,
				`s 30 2a 02 01 01 04 06 "public" a2 1d 02 01 07 02 01 00 02 01 00 30 12 30 10 06 08 2b 06 01 02 01 01 01 00 04 04 "unix"`,
			},
			false, "", "snmp",
		},
		{
			"Zeek #343", "a request with a long head", "tcp",
			[]string{`c "POST /a HTTP/1.1\r\nHost: a\r\nCookie: " 61*3000 "\r\nContent-Length: 0\r\n\r\n"`, `s "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"`},
			false, "", "http",
		},
		{
			"Zeek #2282", "HTTP from a port of DNS", "tcp",
			[]string{`c "GET / HTTP/1.0\r\n\r\n"`, `s "HTTP/1.0 200 OK\r\n\r\nhi"`},
			false, "", "http",
		},
		{
			"Zeek #5840", "binary unicast to the port of multicast DNS", "udp",
			[]string{"c 8f 12 9a 00 41 77 02 c3 3d 00 11 95 6e 21 7c", "s 8f 13 9a 00 2d 61 01"},
			false, "", "",
		},
		{
			"Zeek spicy-analyzers #13", "a type byte of WireGuard is no WireGuard", "udp",
			[]string{"c 01 00 00 00 9a 11 32 60 5f 0e", "s 04 00 00 00 9a 11 32 60 5f 0e 71 00"},
			false, "", "",
		},
		{
			"Zeek icsnpp-enip #6", "a command of EtherNet/IP whose lengths do not fit is none", "tcp",
			[]string{"c 65 00 07 00 00 00 00 00 00 00 00 00 00*8 00 00 00 00 01 00 00 00 99 88"},
			false, "", "",
		},
		{
			"Zeek DNP3", "05 64 without its check sequence is no DNP3", "tcp",
			[]string{"c 05 64 05 c0 01 00 00 04 00 00", "s 05 64 05 40 00 04 01 00 00 00"},
			false, "", "",
		},
		{
			"Zeek DCE_RPC", "05 00 0b is no DCE/RPC unless its lengths add up", "tcp",
			[]string{"c 05 00 0b 03 10 00 00 00 11 00 00 00 01 00 00 00 77"},
			false, "", "",
		},
		{
			"Zeek MQTT", "MQ at offset 4 is no MQTT", "tcp",
			[]string{`c 10 30 00 04 "MQSC" 04 02 00 3c`},
			false, "", "",
		},
		{
			"Suricata #14980", "an event of UPnP is no SIP", "tcp",
			[]string{
				`c "SUBSCRIBE /ev HTTP/1.1\r\nHost: 10.0.0.1:80\r\nCALLBACK: <http://10.0.0.2:9/>\r\nNT: upnp:event\r\n\r\n"`,
				`s "HTTP/1.1 200 OK\r\nSID: uuid:1\r\nTIMEOUT: Second-300\r\nContent-Length: 0\r\n\r\n"`,
			},
			false, "", "http gena",
		},
		{
			"Suricata #14980", "a notification of SSDP is no SIP", "udp",
			[]string{`c "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\nUSN: uuid:1::upnp:rootdevice\r\nLOCATION: http://10.0.0.1/d.xml\r\n\r\n"`},
			false, "239.255.255.250", "ssdp",
		},
		{
			"Suricata 12110", "TPKT alone is no RDP", "tcp",
			[]string{"c 03 00 00 16 11 e0 00 00 00 01 00 c1 02 01 00 c2 02 01 02 c0 01 0a", "s 03 00 00 16 11 d0 00 01 00 07 00 c0 01 0a c1 02 01 00 c2 02 01 02"},
			false, "", "tpkt cotp",
		},
		{
			"Suricata 2757", "junk in front does not hide DNS", "udp",
			[]string{"c 99 99", `c 12 34 01 00 00 01 00 00 00 00 00 00 07 "example" 03 "org" 00 00 01 00 01`, `s 12 34 81 83 00 01 00 00 00 00 00 00 07 "example" 03 "org" 00 00 01 00 01`},
			false, "", "dns",
		},
		{
			"Suricata efcc7f9d", "USER and PASS of POP3 are no FTP", "tcp",
			[]string{`s "+OK ready <1.2@example.org>\r\n"`, `c "USER a\r\n"`, `s "+OK\r\n"`, `c "PASS b\r\n"`, `s "+OK 0 messages\r\n"`},
			false, "", "pop",
		},
		{
			"Suricata 4feacfb8", "QUIT of SMTP is no FTP", "tcp",
			[]string{`s "220 mail.example.org ESMTP\r\n"`, `c "EHLO a\r\n"`, `s "250 mail.example.org\r\n"`, `c "QUIT\r\n"`, `s "221 Bye\r\n"`},
			false, "", "smtp",
		},
		{
			"Suricata", "PostgreSQL on a port of its own", "tcp",
			[]string{`c 00 00 00 14 00 03 00 00 "user" 00 "alice" 00 00`, "s 52 00 00 00 0c 00 00 00 05 11 22 33 44"},
			false, "", "pgsql",
		},
		{
			"libprotoident #10", "S7 is told from what else goes over TPKT", "tcp",
			[]string{
				"c 03 00 00 16 11 e0 00 00 00 01 00 c1 02 01 00 c2 02 01 02 c0 01 0a",
				"s 03 00 00 16 11 d0 00 01 00 07 00 c0 01 0a c1 02 01 00 c2 02 01 02",
				"c 03 00 00 19 02 f0 80 32 01 00 00 04 00 00 08 00 00 f0 00 00 01 00 01 01 e0",
				"s 03 00 00 1b 02 f0 80 32 03 00 00 04 00 00 08 00 00 00 00 f0 00 00 01 00 01 00 f0",
			},
			false, "", "tpkt cotp s7comm",
		},
		{
			"libprotoident", "a four-byte length prefix alone is no SMB", "tcp",
			[]string{"c 00 00 00 08 31 52 88 91 7a 6e 02 11", "s 00 00 00 04 90 12 7d 33"},
			false, "", "",
		},
		{
			"libprotoident", "30 84 00 00 alone is no LDAP", "tcp",
			[]string{"c 30 84 00 00 00 06 04 01 01 13 01 00"},
			false, "", "",
		},
		{
			"Wireshark wg", "a game's first byte is no WireGuard", "udp",
			[]string{"c 02 00 00 00 71 22 90 81 6e 4d 01 05", "s 02 00 00 00 11 22 00 81"},
			false, "", "",
		},
		{
			"Wireshark rtp", "80 60 alone is no RTP", "udp",
			[]string{"c 80 60 13 9a 77 01 00 31 85 aa 01 7e 55 43 89 99"},
			false, "", "",
		},
		{
			"Wireshark http_on_sip_port", "HTTP on a port of SIP", "tcp",
			[]string{`c "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n"`, `s "HTTP/1.1 204 No Content\r\n\r\n"`},
			false, "", "http",
		},
	}
}

func TestWrongAnswersOfOthers(t *testing.T) {
	r := signatures.EngineRunner{Engine: engine(t, load(t))}
	for _, tt := range wrongAnswers() {
		t.Run(tt.engine+"/"+tt.what, func(t *testing.T) {
			e := &signatures.Example{
				Transport: tt.transport, Middle: tt.middle,
				Client: netip.MustParseAddr("10.0.0.1"), Server: netip.MustParseAddr("10.0.0.2"),
			}
			if tt.server != "" {
				e.Server = netip.MustParseAddr(tt.server)
			}
			for _, line := range tt.exchange {
				from, text, _ := strings.Cut(line, " ")
				b, err := signatures.ParseBytes(text)
				if err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				turn := signatures.Turn{From: flow.FromClient, Data: b}
				if from == "s" {
					turn.From = flow.FromServer
				}
				e.Exchange = append(e.Exchange, turn)
			}
			for _, cut := range []int{0, 1} {
				r.Cut = cut
				out, err := r.Run(e)
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(out.Identification.Protocols, " "); got != tt.want {
					t.Errorf("cut %d: %q, want %q", cut, got, tt.want)
				}
			}
		})
	}
}
