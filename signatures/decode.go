package signatures

import (
	"fmt"
	"strconv"
	"strings"
)

// decoder reads nodes into the model and collects mistakes.
type decoder struct {
	file string
	errs []*Error
}

func (d *decoder) errorf(n *node, format string, args ...any) {
	d.errs = append(d.errs, &Error{d.file, n.line, n.col, fmt.Sprintf(format, args...)})
}

// key describes one key of a mapping: for reading, and for the JSON Schema.
type key[T any] struct {
	name     string
	required bool
	about    string
	schema   schema
	read     func(d *decoder, n *node, into *T)
}

// decode reads a mapping by its keys.
func decode[T any](d *decoder, n *node, keys []key[T], into *T) {
	if n.kind != mapping {
		d.errorf(n, "a mapping is wanted, not %s", n.kind)
		return
	}
	seen := map[string]bool{}
	for i, k := range n.keys {
		if seen[k.text] {
			d.errorf(k, "%s is given twice", k.text)
			continue
		}
		seen[k.text] = true
		known := false
		for j := range keys {
			if keys[j].name == k.text {
				known = true
				if keys[j].read != nil {
					keys[j].read(d, n.items[i], into)
				}
			}
		}
		if !known {
			d.errorf(k, "unknown key %s", k.text)
		}
	}
	for _, k := range keys {
		if k.required && !seen[k.name] {
			d.errorf(n, "%s is missing", k.name)
		}
	}
}

func (d *decoder) str(n *node) string {
	if n.kind != scalar || n.text == "" {
		d.errorf(n, "a text is wanted")
		return ""
	}
	return strings.TrimRight(n.text, "\n")
}

func (d *decoder) boolean(n *node) bool {
	if n.kind != scalar || n.text != "true" && n.text != "false" {
		d.errorf(n, "true or false is wanted")
	}
	return n.text == "true"
}

func (d *decoder) number(n *node, lo, hi int) int {
	v, err := strconv.Atoi(n.text)
	if n.kind != scalar || err != nil || v < lo || v > hi {
		d.errorf(n, "a number between %d and %d is wanted", lo, hi)
		return lo
	}
	return v
}

// list reads a list of texts; a single one may stand without brackets.
func (d *decoder) list(n *node) []string {
	if n.kind == scalar {
		return []string{d.str(n)}
	}
	if n.kind != sequence {
		d.errorf(n, "a list is wanted, not %s", n.kind)
		return nil
	}
	out := make([]string, 0, len(n.items))
	for _, item := range n.items {
		out = append(out, d.str(item))
	}
	return out
}

func (d *decoder) choice(n *node, from ...string) int {
	for i, c := range from {
		if n.kind == scalar && n.text == c {
			return i
		}
	}
	d.errorf(n, "%s is wanted", strings.Join(from, ", "))
	return 0
}

// byteCount reads a number of bytes with an optional unit: 64KiB.
func (d *decoder) byteCount(n *node) int {
	text, unit := n.text, 1
	for suffix, u := range map[string]int{"KiB": 1 << 10, "MiB": 1 << 20} {
		if t, ok := strings.CutSuffix(text, suffix); ok {
			text, unit = t, u
		}
	}
	v, err := strconv.Atoi(strings.TrimSpace(text))
	if n.kind != scalar || err != nil || v <= 0 || v > maxBudget/unit {
		d.errorf(n, "a number of bytes up to 1MiB is wanted, such as 64KiB")
		return 0
	}
	return v * unit
}

const maxBudget = 1 << 20
