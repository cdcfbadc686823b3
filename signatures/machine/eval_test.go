package machine_test

import (
	"strings"
	"testing"

	"github.com/sniffid/sniffid/dissect"
)

func TestExpressions(t *testing.T) {
	// Each holds over the bytes 01 02 03 04 "Text".
	tests := []string{
		"pos == 4", "remaining == 4", "size == 8", "len(s) == 4", "u8(1) == 2", "u16be(1) == 0x0203", "u16le(1) == 0x0302",
		"u16(1) == 0x0203", "u32be(0) == 0x01020304", "slice(4, 2) == \"Te\"", "starts(s, \"Te\")", "not starts(s, \"te\")",
		"ends(s, \"xt\")", "contains(s, \"ex\")", "not contains(s, \"EX\")", "istarts(s, \"tE\")", "iends(s, \"XT\")",
		"icontains(s, \"EX\")", "iequal(s, \"tEXT\")", "number(\"42\") == 42", "number(\"2a\", 16) == 42", "pick(a == 1, 5, 6) == 5",
		"pick(a == 2, s, \"x\") == \"x\"", "distinct(\"abc\")", "not distinct(\"aba\")", "printable(s)", "not printable(slice(0, 4))",
		"count(s, \"t\") == 1", "text(a) == \"1\"", "hexstr(slice(0, 2)) == \"0102\"", "hexstr(concat(\"a\", \"b\")) == \"6162\"",
		"md5(concat(\"a\", \"bc\")) == \"900150983cd24fb0d6963f7d28e17f72\"", "base64(\"VGV4dA==\") == s", "base64(hexstr(slice(0, 2))) != s", "ip(slice(0, 4)) == \"1.2.3.4\"",
		"concat(\"a\", s, \"b\") == \"aTextb\"", "client_addr == \"10.0.0.1\"", "server_addr == \"239.1.2.3\"", "to_addr == server_addr",
		"from_addr == client_addr", "multicast(to_addr)", "not multicast(from_addr)", "transport == \"udp\"", "ppid == 46", "from_client", "not from_server",
		"1 + 2 * 3 == 7", "(1 + 2) * 3 == 9", "7 / 2 == 3", "7 % 4 == 3", "6 & 3 == 2", "6 | 1 == 7", "6 ^ 3 == 5", "1 << 4 == 16",
		"256 >> 4 == 16", "~0 == 0xffffffffffffffff", "-1 == ~0", "a + 2 * 3 == 7", "a << 1 + 1 == 3", "a == 1 and b == 2 or false_ == 1",
		"not a == 2", "not (a == 1 and b == 3)", "a != 2", "a < b", "b > a", "a <= 1", "a >= 1", "a in {1}", "b in {0..a + 1}",
		"s == \"Text\"", "s != \"text\"", "s < \"U\"", "s >= \"T\"", "s in {\"Text\", \"x\"}", "s matches /^T.*t$/", "s matches /EX/i",
		"s matches /x/", "not (s matches /^x/)", "1 << 64 == 0", "0x10 == 16", "1_000 == 1000", "\"\\x41\" == hex 41",
		"crc32(\"123456789\") == 0xCBF43926", "crc32c(\"123456789\") == 0xE3069283", "crc16_ccitt(\"123456789\") == 0x29B1",
		"crc16_modbus(\"123456789\") == 0x4B37", "crc16_x25(\"123456789\") == 0x906E", "crc16_dnp(\"123456789\") == 0xEA82",
		"crc16_arc(\"123456789\") == 0xBB3D", "crc16_xmodem(\"123456789\") == 0x31C3", "crc24q(\"123456789\") == 0xCDE703",
		"adler32(\"Wikipedia\") == 0x11E60398", "fletcher16(\"abcde\") == 0xC8F0", "sum8(hex FF 02) == 1", "xor8(hex FF 0F) == 0xF0",
		"ip_checksum(hex 00 35 c0 00, 17) == 0x44af", "inet_checksum(hex 00 01 f2 03 f4 f5 f6 f7) == 0x220d", "sha256d4(\"\") == 0x5df6e0e2",
	}
	in := data(t, "01020304|=Text")
	for _, e := range tests {
		t.Run(e, func(t *testing.T) {
			e := strings.ReplaceAll(e, "false_", "a - 1")
			for _, not := range []bool{false, true} {
				stmt := "require"
				want := dissect.Match
				if not {
					stmt, want = "reject", dissect.Reject
				}
				p := program(t, "a u8\nb u8\nc u16be\n"+stmt+" "+withString(e))
				var r dissect.Report
				if got := p.Parser().Parse(datagram(in), &r); got != want {
					t.Errorf("%s %s: %v", stmt, e, got)
				}
			}
		})
	}
}

// withString puts a slice in the place of the field s, which would move the
// position.
func withString(e string) string {
	var out strings.Builder
	for i := 0; i < len(e); i++ {
		alone := e[i] == 's' && (i == 0 || strings.IndexByte(" (,", e[i-1]) >= 0) && (i+1 == len(e) || strings.IndexByte(" ,)", e[i+1]) >= 0)
		if alone {
			out.WriteString("slice(4, 4)")
		} else {
			out.WriteByte(e[i])
		}
	}
	return out.String()
}

// Impossible values are no match, whichever way they are asked.
func TestImpossible(t *testing.T) {
	for _, e := range []string{
		"1 / (a - 1) == 0", "1 % (a - 1) == 0", "a - 2 == 0", "number(\"x\") == 1", "number(\"99999999999999999999\") == 1",
		"u8(9) == 0", "slice(1, 9) == \"\"", "slice(9, 1) == \"\"", "ip(\"abc\") == \"\"",
	} {
		for _, stmt := range []string{"require", "reject"} {
			p := program(t, "a u8\n"+stmt+" "+e)
			var r dissect.Report
			if got := p.Parser().Parse(datagram([]byte{1, 2, 3}), &r); got != dissect.Reject {
				t.Errorf("%s %s: %v", stmt, e, got)
			}
		}
	}
}
