// Command protocolpage writes docs/protocols.md, the list of the protocols that
// come with sniffid, from their signature files.
//
//	protocolpage [FILE]
package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sniffid/sniffid/dissect/builtin"
	"github.com/sniffid/sniffid/signatures"
)

const head = `<!-- Written by "make docs"; do not edit. -->
# Protocols

%d protocols are named from their bytes, %d of them (%.1f %%) by a signature file alone, the others by a file and a parser in Go. Names are those of
Wireshark's display filters, where it has one. "Proves" is how many bits the message that verifies most fixes: random bytes pass for it
with a chance of 2 to the power of minus as many. What stands on another protocol is recognised within it, whatever carries that.

Programs of ONC RPC and interfaces of DCE/RPC are named by tables of their own:
[programs.tsv](../dissect/proto/rpc/programs.tsv), [interfaces.tsv](../dissect/proto/dcerpc/interfaces.tsv).
`

func main() {
	path := "docs/protocols.md"
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	page, err := write()
	if err == nil {
		err = os.WriteFile(path, page, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "protocolpage:", err)
		os.Exit(1)
	}
}

// write returns the page.
func write() ([]byte, error) {
	set, err := signatures.Load(signatures.Builtin(), builtin.All())
	if err != nil {
		return nil, err
	}
	files := slices.Clone(set.Files())
	slices.SortFunc(files, func(a, b *signatures.File) int {
		return cmp.Or(cmp.Compare(a.Family, b.Family), cmp.Compare(a.Protocol, b.Protocol))
	})
	data := 0
	for _, f := range files {
		if f.Native == "" {
			data++
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, head, len(files), data, 100*float64(data)/float64(len(files)))
	family := ""
	for _, f := range files {
		if f.Family != family {
			family = f.Family
			fmt.Fprintf(&b, "\n## %s\n\n| protocol | | over | proves | specification |\n| --- | --- | --- | ---: | --- |\n", strings.ToUpper(family[:1])+family[1:])
		}
		fmt.Fprintf(&b, "| [%s](../signatures/%s) | %s | %s | %s | %s |\n", f.Protocol, f.Path, cell(f.Title), cell(strings.Join(f.Over, ", ")), proves(f), cell(f.Spec))
	}
	return b.Bytes(), nil
}

// proves is the most that a message verifies.
func proves(f *signatures.File) string {
	if f.Native != "" {
		return "Go"
	}
	most := 0
	for _, m := range f.Messages {
		if !m.Weak {
			most = max(most, m.Layout.Bits.Int())
		}
	}
	if most == 0 {
		return "pairs"
	}
	return fmt.Sprint(most)
}

// cell is text that may stand in a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ").Replace(strings.TrimSpace(s))
}
