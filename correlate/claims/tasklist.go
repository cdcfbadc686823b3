package claims

import (
	"encoding/csv"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/width"
)

// taskList reads tasklist, with /svc or /v, as table, CSV or list.
type taskList struct {
	header  string   // the line before, which names the columns
	columns []column // of the table, from its ruler
	titles  []string // of the CSV columns
	open    bool     // the last process may still get services
	current *Process // of the list form
}

// column is a stretch of a table's line, in cells of the console.
type column struct{ start, end int }

func (*taskList) format() Format { return Tasklist }

// The column titles that matter, English and Japanese.
var (
	nameTitles    = []string{"Image Name", "イメージ名"}
	pidTitles     = []string{"PID"}
	serviceTitles = []string{"Services", "サービス"}
	moduleTitles  = []string{"Modules", "モジュール"}
	userTitles    = []string{"User Name", "ユーザー名"}
)

func (t *taskList) read(p *parser, l line, current bool) bool {
	if len(l.fields) == 0 {
		t.open, t.current = false, nil
		return current
	}
	switch {
	case strings.HasPrefix(l.text, `"`):
		return t.comma(p, l)
	case current && t.current != nil && strings.HasPrefix(l.text, "  "):
		t.current.Services = appendServices(t.current.Services, strings.TrimSpace(l.text))
		return true
	case t.pair(p, l):
		return true
	case hasAnyPrefix(l.text, nameTitles):
		t.header, t.columns, t.current = l.text, nil, nil
		return true
	case strings.Trim(l.text, "= ") == "" && len(l.fields) >= 3:
		t.columns, t.open = rule(l.text), false
		return true
	case !current || len(t.columns) == 0:
		return false
	}
	if t.open && strings.HasPrefix(l.text, " ") && cells(l.text, column{0, t.columns[2].start}) == "" {
		last := &p.listing.Processes[len(p.listing.Processes)-1]
		last.Services = appendServices(last.Services, strings.TrimSpace(l.text))
		return true
	}
	process, err := t.row(l)
	t.open = err == nil && t.services()
	if err != nil {
		p.problem(l.number, l.text, err.Error())
		return true
	}
	p.listing.Processes = append(p.listing.Processes, process)
	return true
}

// row reads a table's row by its columns: names may contain blanks.
func (t *taskList) row(l line) (Process, error) {
	process := Process{Name: cells(l.text, t.columns[0]), Line: l.number}
	pid, err := strconv.ParseUint(cells(l.text, t.columns[1]), 10, 31)
	if err != nil || process.Name == "" {
		return process, errColumns
	}
	process.PID = int(pid)
	if t.services() {
		process.Services = appendServices(nil, cells(l.text, column{t.columns[2].start, 1 << 20}))
	}
	if len(t.columns) >= 8 && hasAny(t.header, userTitles) { // /v: the seventh column
		process.User = applicable(cells(l.text, t.columns[6]))
	}
	return process, nil
}

// services reports whether the table is that of /svc: it has three columns, as
// only the one of /m has besides.
func (t *taskList) services() bool { return len(t.columns) == 3 && !hasAny(t.header, moduleTitles) }

// comma reads /fo csv: a header of titles, then rows.
func (t *taskList) comma(p *parser, l line) bool {
	values, err := csv.NewReader(strings.NewReader(l.text)).Read()
	if err != nil || len(values) < 2 {
		return false
	}
	if indexOf(values, nameTitles) >= 0 {
		t.titles = values
		return true
	}
	name, pid := 0, 1
	if t.titles != nil {
		name, pid = indexOf(t.titles, nameTitles), indexOf(t.titles, pidTitles)
	}
	if pid < 0 || pid >= len(values) {
		return false
	}
	number, err := strconv.ParseUint(values[pid], 10, 31)
	if err != nil {
		return false
	}
	process := Process{Name: values[name], PID: int(number), Line: l.number}
	if i := indexOf(t.titles, serviceTitles); i >= 0 && i < len(values) {
		process.Services = appendServices(nil, values[i])
	}
	if i := indexOf(t.titles, userTitles); i >= 0 && i < len(values) {
		process.User = applicable(values[i])
	}
	p.listing.Processes = append(p.listing.Processes, process)
	return true
}

// pair reads a line "Title:  value" of /fo list.
func (t *taskList) pair(p *parser, l line) bool {
	title, value, found := strings.Cut(l.text, ":")
	title, value = strings.TrimSpace(title), strings.TrimSpace(value)
	switch {
	case !found:
		return false
	case slices.Contains(nameTitles, title):
		p.listing.Processes = append(p.listing.Processes, Process{Name: value, Line: l.number})
		t.current = &p.listing.Processes[len(p.listing.Processes)-1]
		t.columns = nil
		return true
	case t.current == nil || p.current != dialect(t):
		return false
	case slices.Contains(pidTitles, title):
		pid, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			p.problem(l.number, l.text, errPID.Error())
		}
		t.current.PID = int(pid)
	case slices.Contains(serviceTitles, title):
		t.current.Services = appendServices(t.current.Services, value)
	case slices.Contains(userTitles, title):
		t.current.User = applicable(value)
	}
	return !strings.ContainsAny(title, "0123456789") // else a row of another listing
}

// rule reads the line of equals signs under a table's titles.
func rule(text string) []column {
	var columns []column
	for at := 0; at < len(text); {
		if text[at] == ' ' {
			at++
			continue
		}
		start := at
		for at < len(text) && text[at] != ' ' {
			at++
		}
		columns = append(columns, column{start, at})
	}
	return columns
}

// cells cuts a column out of a line, counting two cells for wide characters
// (Unicode Standard Annex #11), as the console lays them out.
func cells(text string, c column) string {
	var out strings.Builder
	cell := 0
	for _, r := range text {
		if cell >= c.end {
			break
		}
		if cell >= c.start {
			out.WriteRune(r)
		}
		cell++
		if kind := width.LookupRune(r).Kind(); kind == width.EastAsianWide || kind == width.EastAsianFullwidth {
			cell++
		}
	}
	return strings.TrimSpace(out.String())
}

// appendServices reads "RpcSs, DcomLaunch", where "N/A" stands for none.
func appendServices(services []string, text string) []string {
	for name := range strings.SplitSeq(text, ",") {
		name = applicable(strings.TrimSpace(name))
		if name != "" && len(services) < maxList {
			services = append(services, name)
		}
	}
	return services
}

// applicable is "" for tasklist's "N/A".
func applicable(text string) string {
	if text == "N/A" || text == "該当なし" {
		return ""
	}
	return text
}

func hasAny(text string, words []string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
}

func indexOf(titles, words []string) int {
	return slices.IndexFunc(titles, func(title string) bool { return slices.Contains(words, title) })
}
