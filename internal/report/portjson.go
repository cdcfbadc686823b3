package report

import (
	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// port writes a line about a port.
func (l *jsonLine) port(kind string, p *pipeline.Port) {
	port, verdict := &p.Port, &p.Verdict
	l.begin(kind)
	l.known("file", p.File)
	l.name("transport").string(port.Key.Transport)
	if port.Key.Addr.IsValid() {
		l.name("addr").addr(port.Key.Addr)
	}
	l.name("port").uint(uint64(port.Key.Port))
	l.count("netns", port.Key.NetNS)
	l.known("role", string(verdict.Role))
	l.name("declared").declared(port)
	l.name("observed").observed(port.Observations)
	l.owner(&port.Owner)
	l.known("verdict", string(verdict.Kind))
	if verdict.Suspected {
		l.name("suspected").value(true)
	}
	l.known("expect", string(verdict.Expect))
	l.known("why", verdict.Why)
	l.name("evidence").facts(verdict.Evidence)
	if len(verdict.Findings) > 0 {
		l.name("findings").value(verdict.Findings)
	}
	l.finish()
}

// declared writes what others say of a port: "claim" is the row of a listing that
// counts, "claims" are all rows where there are several.
func (l *jsonLine) declared(p *correlate.Port) {
	l.open('{')
	if len(p.Registered) > 0 {
		l.name("registry").strings(p.Registered)
	}
	l.known("expect", p.Expect)
	if len(p.Claims) > 0 {
		l.name("claim").value(&p.Claims[0])
	}
	if len(p.Claims) > 1 {
		l.name("claims").value(p.Claims)
	}
	l.close('}')
}

func (l *jsonLine) observed(all []correlate.Observation) {
	l.open('[')
	for i := range all {
		o := &all[i]
		l.next().open('{')
		l.name("protocols").strings(o.Protocols)
		l.name("flows").uint(uint64(o.Flows))
		l.known("role", string(o.Role))
		l.known("confidence", o.Confidence)
		l.count("refused", uint64(o.Refused))
		l.close('}')
	}
	l.close(']')
}

func (l *jsonLine) facts(all []correlate.Fact) {
	l.open('[')
	for i := range all {
		f := &all[i]
		l.next().open('{')
		l.name("source").string(f.Source)
		l.name("text").string(f.Text)
		l.known("protocol", f.Protocol)
		l.known("signature", f.Signature)
		if len(f.Packets) > 0 {
			l.name("packets").open('[')
			for _, n := range f.Packets {
				l.next().uint(n)
			}
			l.close(']')
		}
		l.known("file", f.File)
		l.count("line", uint64(f.Line))
		l.close('}')
	}
	l.close(']')
}
