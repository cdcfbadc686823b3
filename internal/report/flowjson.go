package report

import "github.com/sniffid/sniffid/internal/pipeline"

// flow writes a line about a flow.
func (l *jsonLine) flow(kind string, f *pipeline.Flow) {
	l.begin(kind)
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
	l.finish()
}

// carrier writes the number that says what a flow without ports carries.
func (l *jsonLine) carrier(f *pipeline.Flow) {
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

func (l *jsonLine) end(f *pipeline.Flow, e *pipeline.End) {
	l.open('{')
	switch {
	case e.Addr.IsValid():
		l.name("addr").addr(e.Addr)
	default:
		l.known("addr", e.MAC.String())
	}
	if f.HasPorts() {
		l.name("port").uint(uint64(e.Port))
	}
	l.name("packets").uint(e.Packets)
	l.name("bytes").uint(e.Bytes)
	l.owner(&e.Owner)
	l.close('}')
}

func (l *jsonLine) evidence(f *pipeline.Flow) {
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
