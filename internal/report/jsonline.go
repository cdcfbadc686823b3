package report

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"time"

	"github.com/sniffid/sniffid/correlate/owner"
)

// jsonLine writes records. There may be a million of them: it writes into memory of its
// own, and where there are many without reflection. The fields stand in a fixed order;
// what is not known is left out, but for what every record has.
type jsonLine struct {
	text       []byte // the line, until the next one is written
	attributes attributes
}

// begin begins a line in place of the one before.
func (l *jsonLine) begin(kind string) {
	l.text = append(l.text[:0], '{')
	l.name("type").string(kind)
	l.name("schema").uint(schema)
}

// finish ends the line.
func (l *jsonLine) finish() { l.text = append(l.text, "}\n"...) }

// next separates a value from the one before it.
func (l *jsonLine) next() *jsonLine {
	switch l.text[len(l.text)-1] {
	case '{', '[':
	default:
		l.text = append(l.text, ',')
	}
	return l
}

func (l *jsonLine) name(name string) *jsonLine {
	l.next().string(name)
	l.text = append(l.text, ':')
	return l
}

// known writes a field unless it is empty.
func (l *jsonLine) known(name, value string) {
	if value != "" {
		l.name(name).string(value)
	}
}

// count writes a field unless it is 0.
func (l *jsonLine) count(name string, n uint64) {
	if n != 0 {
		l.name(name).uint(n)
	}
}

// owner writes the owner, if anything is known of it.
func (l *jsonLine) owner(o *owner.Owner) {
	switch {
	case !o.Bare():
		l.name("owner").value(o)
	case o.Reason != "":
		l.name("owner").open('{')
		l.known("reason", string(o.Reason))
		l.close('}')
	}
}

func (l *jsonLine) addr(a netip.Addr) {
	l.open('"')
	l.text = append(a.AppendTo(l.text), '"')
}

func (l *jsonLine) open(c byte)   { l.text = append(l.text, c) }
func (l *jsonLine) close(c byte)  { l.text = append(l.text, c) }
func (l *jsonLine) uint(n uint64) { l.text = strconv.AppendUint(l.text, n, 10) }
func (l *jsonLine) time(ns int64) {
	l.open('"')
	l.text = append(time.Unix(0, ns).UTC().AppendFormat(l.text, timeFormat), '"')
}

func (l *jsonLine) strings(list []string) {
	l.open('[')
	for _, s := range list {
		l.next().string(s)
	}
	l.close(']')
}

// string writes a text. What needs escapes is left to the library.
func (l *jsonLine) string(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			l.value(s)
			return
		}
	}
	l.text = append(l.text, '"')
	l.text = append(l.text, s...)
	l.text = append(l.text, '"')
}

// value writes what encoding/json makes of v.
func (l *jsonLine) value(v any) {
	enc := json.NewEncoder(l)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // only strings, numbers and structures of them are written
	}
	l.text = l.text[:len(l.text)-1] // the encoder's end of line
}

// Write implements [io.Writer] for the library.
func (l *jsonLine) Write(p []byte) (int, error) {
	l.text = appendPrintable(l.text, p)
	return len(p), nil
}
