package signatures

import "bytes"

// later are the keys whose values are read only when asked for: they are most
// of a file, and identification has no use for them.
var later = []string{"notes", "examples", "counterexamples"}

// split separates a file's top-level keys by whether they are read at once. Both
// parts have all lines of the file, the other's empty, so that positions agree.
// The head keeps the later keys themselves, without values.
func split(src []byte) (head, tail []byte) {
	head = make([]byte, 0, len(src)/2)
	tail = make([]byte, 0, len(src)/2)
	isLater := false
	for len(src) > 0 {
		line := src
		if i := bytes.IndexByte(src, '\n'); i >= 0 {
			line = src[:i+1]
		}
		src = src[len(line):]
		if c := line[0]; c|0x20 >= 'a' && c|0x20 <= 'z' {
			isLater = false
			for _, k := range later {
				if rest, ok := bytes.CutPrefix(line, []byte(k)); ok && len(rest) > 0 && rest[0] == ':' {
					isLater = true
					head = append(head, k...)
					head = append(head, ':')
				}
			}
		}
		if isLater {
			tail = append(tail, line...)
			head = append(head, '\n')
		} else {
			head = append(head, line...)
			tail = append(tail, '\n')
		}
	}
	return head, tail
}
