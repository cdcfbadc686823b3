package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/sniffid/sniffid/correlate"
)

// table aligns columns by their widest cell. Notes stand below their row,
// indented, and take no part in the alignment.
type table struct {
	head []string
	rows []tableRow
}

type tableRow struct {
	cells []cell
	notes []string
}

// cell is a text and the style in which it is shown.
type cell struct {
	text  string
	style style
}

func plain(s string) cell { return cell{text: s} }

func (t *table) row(cells ...cell) { t.rows = append(t.rows, tableRow{cells: cells}) }

// note adds a line below the last row; "" adds none.
func (t *table) note(s string) {
	if last := &t.rows[len(t.rows)-1]; s != "" {
		last.notes = append(last.notes, s)
	}
}

func (t *table) write(w io.Writer, p painter) {
	width := make([]int, len(t.head))
	for i, h := range t.head {
		width[i] = len(h)
	}
	for _, r := range t.rows {
		for i, c := range r.cells {
			width[i] = max(width[i], utf8.RuneCountInString(c.text))
		}
	}
	head := make([]cell, len(t.head))
	for i, h := range t.head {
		head[i] = cell{h, dim}
	}
	writeRow(w, p, head, width)
	for _, r := range t.rows {
		writeRow(w, p, r.cells, width)
		for _, note := range r.notes {
			fmt.Fprintf(w, "    %s\n", note)
		}
	}
}

func writeRow(w io.Writer, p painter, cells []cell, width []int) {
	last := len(cells) - 1
	for last > 0 && cells[last].text == "" {
		last--
	}
	for i, c := range cells[:last+1] {
		pad := ""
		if i < last {
			pad = strings.Repeat(" ", width[i]-utf8.RuneCountInString(c.text)+2)
		}
		fmt.Fprint(w, p.style(c.style, c.text), pad)
	}
	fmt.Fprintln(w)
}

// style is an SGR parameter (ECMA-48 §8.3.117); "" is the terminal's own.
type style string

const (
	none   style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

// painter applies styles, or not.
type painter bool

func (p painter) style(s style, text string) string {
	if !p || s == none || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func (p painter) stack(protocols []string) string {
	if len(protocols) == 0 {
		return p.style(dim, "unknown")
	}
	return p.style(bold, clean(strings.Join(protocols, " ")))
}

func (painter) known(yes bool) style {
	if yes {
		return bold
	}
	return dim
}

func (painter) verdict(k correlate.Kind) style {
	switch k {
	case correlate.Phantom, correlate.Mismatch:
		return red
	case correlate.Confirmed:
		return green
	case correlate.Unregistered, correlate.Unidentified, correlate.Silent:
		return yellow
	}
	return none
}
