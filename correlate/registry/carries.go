package registry

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
)

// carriesTable has a line "name<TAB>protocol,…<TAB>source" per registered name;
// lines that begin with "#" are comments.
//
//go:embed carries.tsv
var carriesTable string

// carried is one row of the table.
type carried struct {
	protocols []string
	folded    []string // the same for comparison
	source    string
}

// carriers is the table by folded name, read when it is first asked for.
var carriers = sync.OnceValue(func() map[string]carried {
	rows := map[string]carried{}
	for line := range strings.Lines(carriesTable) {
		columns := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		if len(columns) != 3 || strings.HasPrefix(line, "#") {
			continue
		}
		row := carried{protocols: strings.Split(columns[1], ","), source: columns[2]}
		for _, protocol := range row.protocols {
			row.folded = append(row.folded, fold(protocol))
		}
		rows[fold(columns[0])] = row
	}
	return rows
})

// fold makes names comparable: lower case, without dashes and underscores.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}
