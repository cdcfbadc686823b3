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
	protocols string // with commas between them
	source    string
}

// carriers is the table by folded name, read when it is first asked for.
var carriers = sync.OnceValue(func() map[string]carried {
	rows := make(map[string]carried, strings.Count(carriesTable, "\n"))
	for line := range strings.Lines(carriesTable) {
		line = strings.TrimRight(line, "\r\n")
		name, rest, _ := strings.Cut(line, "\t")
		protocols, source, found := strings.Cut(rest, "\t")
		if found && !strings.HasPrefix(line, "#") {
			rows[fold(name)] = carried{protocols, source}
		}
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
