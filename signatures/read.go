package signatures

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/signatures/lang"
)

func readAbove(d *decoder, n *node, f *File) {
	if n.kind != mapping {
		d.errorf(n, "protocols with reasons are wanted: {http: \"why\"}")
		return
	}
	for i, k := range n.keys {
		f.Above = append(f.Above, Precedence{k.text, d.str(n.items[i])})
	}
}

func readMessages(d *decoder, n *node, f *File) {
	if n.kind != mapping {
		d.errorf(n, "a mapping of messages is wanted")
		return
	}
	for i, k := range n.keys {
		m := &Message{Name: k.text, MaxBits: -1, line: k.line, col: k.col}
		decode(d, n.items[i], messageKeys, m)
		if m.Reason == "" {
			m.Reason = strings.ReplaceAll(m.Name, "-", " ")
		}
		for _, other := range f.Messages {
			if other.Name == m.Name {
				d.errorf(k, "message %s is given twice", m.Name)
			}
		}
		f.Messages = append(f.Messages, m)
	}
}

func readRows(d *decoder, n *node, f *File) {
	if n.kind != sequence {
		d.errorf(n, "a list of rows is wanted")
		return
	}
	for _, item := range n.items {
		var r nativeRow
		before := len(d.errs)
		decode(d, item, rowKeys, &r)
		if len(d.errs) > before {
			continue
		}
		sets, err := lang.ParsePattern(r.bytes)
		if err != nil {
			d.errorf(r.at, "%v", err)
			continue
		}
		if r.min == 0 {
			r.min = len(sets)
		}
		row := dissect.Row{Signature: r.name, From: r.from, FirstOnly: r.first, Min: r.min}
		for _, s := range sets[:min(len(sets), dissect.PrefixLen)] {
			row.Prefix = append(row.Prefix, (*dissect.ByteSet)(s))
		}
		f.Rows = append(f.Rows, row)
	}
}

func readTables(d *decoder, n *node, f *File) {
	if n.kind != mapping {
		d.errorf(n, "a mapping of tables is wanted")
		return
	}
	f.tables = make(map[string]*lang.Table, len(n.keys))
	for i, k := range n.keys {
		v := n.items[i]
		if v.kind != mapping {
			d.errorf(v, "a table is a mapping, or {file: NAME}")
			continue
		}
		if file := v.get("file"); file != nil && len(v.keys) == 1 {
			f.tables[k.text] = d.tableFile(f, file)
			continue
		}
		t := &lang.Table{}
		for j, key := range v.keys {
			addRow(t, key.text, d.str(v.items[j]))
		}
		f.tables[k.text] = t
	}
}

// addRow enters a key as an integer where it is one, and always as text.
func addRow(t *lang.Table, key, name string) {
	if n, err := strconv.ParseUint(key, 0, 64); err == nil {
		if t.Ints == nil {
			t.Ints = make(map[uint64]string)
		}
		t.Ints[n] = name
	}
	if t.Texts == nil {
		t.Texts = make(map[string]string)
	}
	t.Texts[key] = name
}

// tableFile reads a table of tab-separated lines, in the file's own folder or
// in the folder tables.
func (d *decoder) tableFile(f *File, n *node) *lang.Table {
	t := &lang.Table{}
	src, err := fs.ReadFile(f.fsys, path.Join(path.Dir(f.Path), n.text))
	if errors.Is(err, fs.ErrNotExist) {
		src, err = fs.ReadFile(f.fsys, path.Join("tables", n.text))
	}
	if err != nil {
		d.errorf(n, "table %s can't be read: %v", n.text, err)
		return t
	}
	lines := bufio.NewScanner(bytes.NewReader(src))
	for no := 1; lines.Scan(); no++ {
		line := strings.TrimRight(lines.Text(), "\r")
		if line == "" || line[0] == '#' {
			continue
		}
		key, name, ok := strings.Cut(line, "\t")
		if !ok || strings.Contains(name, "\t") {
			d.errs = append(d.errs, &Error{n.text, no, 1, "two columns with a tab between them are wanted"})
			continue
		}
		addRow(t, key, name)
	}
	if err := lines.Err(); err != nil {
		d.errorf(n, "table %s can't be read: %v", n.text, err)
	}
	return t
}
