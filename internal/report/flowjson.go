package report

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/sniffid/sniffid/internal/pipeline"
)

// flowLine writes the records of flows. There may be a million of them: it writes into
// memory of its own, without reflection.
type flowLine struct {
	text       []byte // the line, until the next one is written
	attributes attributes
}

// flow writes a line. Its fields stand in a fixed order; what is not known is left out,
// but for what every record has.
func (l *flowLine) flow(kind string, f *pipeline.Flow) {
	l.text = append(l.text[:0], '{')
	l.name("type").string(kind)
	l.name("schema").uint(schema)
	l.known("file", f.File)
	l.name("start").time(f.Start)
	l.name("end").time(f.End)
	l.known("community_id", f.CommunityID)
	l.known("network", f.Network)
	l.name("transport").string(f.Transport)
	l.carrier(f)
	l.name("client").end(f, &f.Client)
	l.name("server").end(f, &f.Server)
	l.name("roles").string(f.Roles.String())
	l.known("state", f.State)
	l.name("tunnel").strings(f.Tunnel)
	l.name("protocols").strings(f.Answer.Protocols)
	l.known("confidence", f.Answer.Confidence.String())
	l.name("evidence").evidence(f)
	if l.attributes.gather(f.Answer.Attributes); len(l.attributes.names) > 0 {
		l.name("attributes").open('{')
		for i, name := range l.attributes.names {
			l.name(name).string(l.attributes.values[i])
		}
		l.close('}')
	}
	l.close('}')
	l.text = append(l.text, '\n')
}

// carrier writes the number that says what a flow without ports carries.
func (l *flowLine) carrier(f *pipeline.Flow) {
	c := f.Carrier
	switch c.Field {
	case "eth":
		l.known("ethertype", c.Hex())
	case "llc", "snap", "ppp":
		l.known(c.Field, c.Hex())
	case "ip":
		if f.Transport == "ip" {
			l.name("ip_proto").uint(c.Number)
		}
	}
}

func (l *flowLine) end(f *pipeline.Flow, e *pipeline.End) {
	l.open('{')
	switch {
	case e.Addr.IsValid():
		l.name("addr").open('"')
		l.text = append(e.Addr.AppendTo(l.text), '"')
	default:
		l.known("addr", e.MAC.String())
	}
	if f.HasPorts() {
		l.name("port").uint(uint64(e.Port))
	}
	l.name("packets").uint(e.Packets)
	l.name("bytes").uint(e.Bytes)
	switch {
	case !e.Owner.Bare():
		l.name("owner").value(&e.Owner)
	case e.Owner.Reason != "":
		l.name("owner").open('{')
		l.known("reason", string(e.Owner.Reason))
		l.close('}')
	}
	l.close('}')
}

func (l *flowLine) evidence(f *pipeline.Flow) {
	l.open('[')
	for i := range f.Answer.Evidence {
		e := &f.Answer.Evidence[i]
		l.next().open('{')
		l.name("protocol").string(e.Protocol)
		l.known("signature", e.Signature)
		l.known("confidence", e.Confidence.String())
		l.name("direction").string(e.Direction.String())
		l.name("packet").uint(e.Packet)
		l.name("offset").uint(uint64(e.Offset))
		l.name("length").uint(uint64(e.Length))
		l.known("reason", e.Reason)
		l.close('}')
	}
	l.close(']')
}

// next separates a value from the one before it.
func (l *flowLine) next() *flowLine {
	switch l.text[len(l.text)-1] {
	case '{', '[':
	default:
		l.text = append(l.text, ',')
	}
	return l
}

func (l *flowLine) name(name string) *flowLine {
	l.next().string(name)
	l.text = append(l.text, ':')
	return l
}

// known writes a field unless it is empty.
func (l *flowLine) known(name, value string) {
	if value != "" {
		l.name(name).string(value)
	}
}

func (l *flowLine) open(c byte)   { l.text = append(l.text, c) }
func (l *flowLine) close(c byte)  { l.text = append(l.text, c) }
func (l *flowLine) uint(n uint64) { l.text = strconv.AppendUint(l.text, n, 10) }
func (l *flowLine) time(ns int64) {
	l.open('"')
	l.text = append(time.Unix(0, ns).UTC().AppendFormat(l.text, timeFormat), '"')
}

func (l *flowLine) strings(list []string) {
	l.open('[')
	for _, s := range list {
		l.next().string(s)
	}
	l.close(']')
}

// string writes a text. What needs escapes is left to the library.
func (l *flowLine) string(s string) {
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
func (l *flowLine) value(v any) {
	enc := json.NewEncoder(l)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // only strings, numbers and structures of them are written
	}
	l.text = l.text[:len(l.text)-1] // the encoder's end of line
}

// Write implements [io.Writer] for the library.
func (l *flowLine) Write(p []byte) (int, error) {
	l.text = appendPrintable(l.text, p)
	return len(p), nil
}
