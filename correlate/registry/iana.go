package registry

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"sync"
)

//go:generate go run ./internal/gen -in iana.tsv -out iana.bin

// compressed is a DEFLATE stream of entries ordered by port. An entry is the
// distance to the previous entry's port as an unsigned varint, a byte with one
// bit per transport, and the name, ended by a line feed.
//
//go:embed iana.bin
var compressed []byte

// transports are IANA's, in the order of the mask's bits.
var transports = [...]string{"tcp", "udp", "sctp", "dccp"}

// maxIANA bounds what the embedded list may unpack to.
const maxIANA = 1 << 20

// entry is one name of the list; its text is names[start:end].
type entry struct {
	port       uint16
	mask       byte
	start, end uint32
}

type list struct {
	entries []entry // by port
	names   string
}

// iana unpacks the list when it is first asked for.
var iana = sync.OnceValue(func() list {
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(compressed)), maxIANA))
	if err != nil {
		return list{}
	}
	return decodeList(raw)
})

// decodeList reads entries until the end of raw, or its first fault.
func decodeList(raw []byte) list {
	l := list{names: string(raw)}
	port := uint64(0)
	for at := 0; at < len(raw); {
		distance, n := binary.Uvarint(raw[at:])
		if n <= 0 || port+distance > 0xffff || at+n >= len(raw) {
			break
		}
		port += distance
		start := at + n + 1
		length := bytes.IndexByte(raw[start:], '\n')
		if length < 0 {
			break
		}
		l.entries = append(l.entries, entry{uint16(port), raw[at+n], uint32(start), uint32(start + length)})
		at = start + length + 1
	}
	return l
}

// ianaNames are the names of a port in IANA's list.
func ianaNames(transport string, port uint16) []string {
	bit := slices.Index(transports[:], transport)
	if bit < 0 {
		return nil
	}
	l := iana()
	at, found := slices.BinarySearchFunc(l.entries, port, func(e entry, p uint16) int { return int(e.port) - int(p) })
	if !found {
		return nil
	}
	var names []string
	for _, e := range l.entries[at:] {
		if e.port != port {
			break
		}
		if e.mask&(1<<bit) != 0 {
			names = append(names, strings.Clone(l.names[e.start:e.end]))
		}
	}
	return names
}
