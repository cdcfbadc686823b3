// Command gen packs IANA's list of service names into the form that package
// registry embeds.
//
// Its input has a line "transport<TAB>port<TAB>name" per assignment, where port
// may be a range "6000-6063"; a first line with column names is passed over.
package main

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// transports as in package registry: the order of the mask's bits.
var transports = []string{"tcp", "udp", "sctp", "dccp"}

type assignment struct {
	port uint16
	name string
}

func main() {
	in := flag.String("in", "iana.tsv", "`file` with transport, port and name")
	out := flag.String("out", "iana.bin", "`file` to write")
	flag.Parse()
	if err := run(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(in, out string) error {
	text, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	masks, err := read(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	packed, err := pack(masks)
	if err != nil {
		return err
	}
	return os.WriteFile(out, packed, 0o644)
}

func read(text string) (map[assignment]byte, error) {
	masks := map[assignment]byte{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, "\r")
		if line == "" || i == 0 && strings.HasPrefix(line, "transport\t") {
			continue
		}
		columns := strings.Split(line, "\t")
		if len(columns) != 3 || columns[2] == "" {
			return nil, fmt.Errorf("line %d: want transport, port and name", i+1)
		}
		bit := slices.Index(transports, columns[0])
		if bit < 0 {
			return nil, fmt.Errorf("line %d: unknown transport %q", i+1, columns[0])
		}
		low, high, ranged := strings.Cut(columns[1], "-")
		if !ranged {
			high = low
		}
		first, err := strconv.ParseUint(low, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		last, err := strconv.ParseUint(high, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		for port := first; port <= last; port++ {
			masks[assignment{uint16(port), columns[2]}] |= 1 << bit
		}
	}
	return masks, nil
}

func pack(masks map[assignment]byte) ([]byte, error) {
	all := make([]assignment, 0, len(masks))
	for a := range masks {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b assignment) int {
		return cmp.Or(cmp.Compare(a.port, b.port), cmp.Compare(a.name, b.name))
	})
	var raw []byte
	previous := uint16(0)
	for _, a := range all {
		raw = binary.AppendUvarint(raw, uint64(a.port-previous))
		raw = append(raw, masks[a])
		raw = append(raw, a.name...)
		raw = append(raw, '\n')
		previous = a.port
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}
