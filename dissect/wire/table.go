package wire

import (
	"fmt"
	"strings"
)

// Rows reads a table of names that is embedded beside a parser: a row a line, its
// columns separated by tabs, '#' at the start of a comment line. It calls f with
// the columns of each row and stops at the first error, which it returns with
// the table's name and the line.
func Rows(name, table string, columns int, f func(row []string) error) error {
	n := 0
	for line := range strings.Lines(table) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		row := strings.Split(line, "\t")
		if len(row) != columns {
			return fmt.Errorf("%s:%d: %d columns, want %d", name, n, len(row), columns)
		}
		if err := f(row); err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	return nil
}
