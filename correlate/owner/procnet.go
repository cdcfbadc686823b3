package owner

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// procTables are the files of /proc/net with the sockets that have ports.
var procTables = []struct{ file, transport string }{
	{"tcp", "tcp"}, {"tcp6", "tcp"}, {"udp", "udp"}, {"udp6", "udp"},
}

// procStates are the states of /proc/net/tcp (include/net/tcp_states.h).
var procStates = map[string]string{
	"01": "ESTABLISHED", "02": "SYN_SENT", "03": "SYN_RECEIVED", "04": "FIN_WAIT_1", "05": "FIN_WAIT_2", "06": "TIME_WAIT",
	"07": "CLOSED", "08": "CLOSE_WAIT", "09": "LAST_ACK", "0A": "LISTENING", "0B": "CLOSING", "0C": "SYN_RECEIVED",
}

// readProcNet appends the rows of one table and their sockets' inodes
// (proc_pid_net(5)). Lines that are no rows are passed over: the title, and what
// a kernel may add.
func readProcNet(r io.Reader, transport string, rows []row, inodes []uint64) ([]row, []uint64, error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 {
			continue
		}
		local, ok := procEnd(fields[1])
		remote, ok2 := procEnd(fields[2])
		inode, err := strconv.ParseUint(fields[9], 10, 64)
		if !ok || !ok2 || err != nil || local.Port() == 0 {
			continue
		}
		state := procStates[fields[3]]
		if transport == "udp" {
			state = ""
		}
		rows = append(rows, row{transport: transport, local: local, remote: clean(remote), state: state})
		inodes = append(inodes, inode)
	}
	return rows, inodes, lines.Err()
}

// procEnd reads "0100007F:0277": the words of the address as the machine stores
// them, and the port.
func procEnd(text string) (netip.AddrPort, bool) {
	digits, number, found := strings.Cut(text, ":")
	port, err := strconv.ParseUint(number, 16, 16)
	words, err2 := hex.DecodeString(digits)
	if !found || err != nil || err2 != nil || len(words) != 4 && len(words) != 16 {
		return netip.AddrPort{}, false
	}
	for at := 0; at < len(words); at += 4 {
		binary.NativeEndian.PutUint32(words[at:], binary.BigEndian.Uint32(words[at:]))
	}
	addr, _ := netip.AddrFromSlice(words)
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), true
}
