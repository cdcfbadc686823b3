package signatures

import (
	"fmt"
	"io"
	"strings"

	"github.com/sniffid/sniffid/signatures/lang"
)

// maxPrefixes is how many ways to begin Prefix lists before it puts them
// together.
const maxPrefixes = 4

// Prefix says how the message can begin, as a byte pattern; several ways are
// divided by " | ". It is empty where any bytes can.
func (m *Message) Prefix() string {
	rows := m.Layout.Rows
	if len(rows) > maxPrefixes {
		rows = []lang.Row{{Prefix: m.Layout.Head()}}
	}
	parts := make([]string, len(rows))
	for i, r := range rows {
		var bytes []string
		last := 0
		for j, set := range r.Prefix {
			bytes = append(bytes, set.String())
			if set != nil {
				last = j + 1
			}
		}
		parts[i] = strings.Join(bytes[:last], " ")
	}
	return strings.Join(parts, " | ")
}

// WriteLayout prints the message's layout, each line behind the offset at which
// it reads, where that is the same for all messages.
func (m *Message) WriteLayout(w io.Writer) error {
	offsets := m.Layout.Offsets()
	for i, line := range strings.Split(strings.TrimRight(m.Layout.Text, "\n"), "\n") {
		at := ""
		if off, ok := offsets[i+1]; ok {
			at = fmt.Sprint(off)
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%6s  %s", at, line), " ")); err != nil {
			return err
		}
	}
	return nil
}
