package draft

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sniffid/sniffid/dissect/flow"
	"github.com/sniffid/sniffid/dissect/sample"
)

// message is what the first messages of one direction have in common.
type message struct {
	fixed  []bool // by offset
	value  []byte // where fixed
	text   bool   // all bytes of all messages are printable
	stream bool
	prefix sample.Prefix // of the length, valid iff framed
	framed bool
}

// compare lines up the first messages of direction d of all flows; nil where
// none is there.
func compare(flows []Flow, d flow.Direction) *message {
	var m *message
	pool := new(sample.Sample) // the first messages of all flows
	for _, f := range flows {
		if f.Sample.Messages(d) == 0 {
			continue
		}
		data, size := f.Sample.Message(d, 0)
		pool.Add(d, data, size, false)
		data = data[:min(len(data), looked)]
		if m == nil {
			m = &message{value: append([]byte(nil), data...), fixed: make([]bool, len(data)), text: true, stream: f.Transport == "tcp"}
			for i := range m.fixed {
				m.fixed[i] = true
			}
		}
		n := min(len(m.fixed), len(data))
		m.fixed, m.value = m.fixed[:n], m.value[:n]
		for i := range n {
			m.fixed[i] = m.fixed[i] && m.value[i] == data[i]
		}
		m.text = m.text && sample.Printable(data)
	}
	if m == nil || m.text {
		if m != nil {
			m.cutText()
		}
		return m
	}
	m.prefix, m.framed = pool.LengthPrefix(d)
	if !m.framed {
		m.prefix, m.framed = within(flows, d)
	}
	m.framed = m.framed && m.prefix.Offset+m.prefix.Width <= len(m.fixed)
	if m.framed {
		for i := range m.prefix.Width {
			m.fixed[m.prefix.Offset+i] = false
		}
	}
	m.trim()
	return m
}

// within returns the length prefix that the messages within each flow agree on.
func within(flows []Flow, d flow.Direction) (common sample.Prefix, ok bool) {
	for _, f := range flows {
		p, found := f.Sample.LengthPrefix(d)
		if !found {
			continue
		}
		p.Messages = 0
		if ok && p != common {
			return sample.Prefix{}, false
		}
		common, ok = p, true
	}
	return common, ok
}

// cutText keeps of a text what comes before the first difference.
func (m *message) cutText() {
	n := 0
	for n < len(m.fixed) && m.fixed[n] && m.value[n] != '\r' && m.value[n] != '\n' {
		n++
	}
	m.fixed, m.value = m.fixed[:n], m.value[:n]
}

// trim drops what varies at the end.
func (m *message) trim() {
	n := len(m.fixed)
	for n > 0 && !m.fixed[n-1] {
		n--
	}
	if m.framed {
		n = max(n, m.prefix.Offset+m.prefix.Width)
	}
	m.fixed, m.value = m.fixed[:n], m.value[:n]
}

// bits is how much the message verifies.
func (m *message) bits() (n int) {
	for _, f := range m.fixed {
		if f {
			n += 8
		}
	}
	return n
}

func (m *message) firstFixed() int {
	for i, f := range m.fixed {
		if f {
			return i
		}
	}
	return -1
}

func (m *message) write(b *strings.Builder, from string) {
	fmt.Fprintf(b, "  %s-first:\n    from: %s\n    first: true\n", from, from)
	if m.bits() < enough {
		b.WriteString("    weak: true\n")
	}
	b.WriteString("    layout: |\n")
	line := func(format string, args ...any) { fmt.Fprintf(b, "      "+format+"\n", args...) }
	if m.text {
		line("magic %s", strconv.Quote(string(m.value)))
		line("rest       line max 4096")
		return
	}
	for i := 0; i < len(m.fixed); {
		if m.framed && i == m.prefix.Offset {
			m.writeLength(line)
			i += m.prefix.Width
			continue
		}
		n := i + 1
		for n < len(m.fixed) && m.fixed[n] == m.fixed[i] && !(m.framed && n == m.prefix.Offset) {
			n++
		}
		if m.fixed[i] {
			line("magic hex % X", m.value[i:n])
		} else {
			line("field%d     bytes %d", i, n-i)
		}
		i = n
	}
	if m.stream && !m.framed {
		line("stop")
	}
}

// writeLength writes the length field and what it says of the message.
func (m *message) writeLength(line func(string, ...any)) {
	p := &m.prefix
	switch {
	case m.stream:
		line("length     %s", p.Type())
		line("frame      length + %d", p.Add)
	case p.Add == 0:
		line("length     %s == size", p.Type())
	default:
		line("length     %s == size - %d", p.Type(), p.Add)
	}
}
