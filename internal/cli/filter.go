package cli

import (
	"errors"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/live"
)

// programs are a filter expression compiled for link types. To compile one may take
// the names of hosts, ports and protocols, which the sandbox can't look up.
type programs struct {
	expression string
	compiled   map[capture.LinkType]*live.Filter
}

// newPrograms takes an expression; "" takes everything. What can't be compiled is said
// when a packet comes that needs it.
func newPrograms(expression string) *programs {
	return &programs{expression: expression, compiled: make(map[capture.LinkType]*live.Filter)}
}

// ahead compiles for the link types that captures commonly have, before a sandbox.
func (p *programs) ahead() {
	if p.expression == "" {
		return
	}
	for _, link := range [...]capture.LinkType{
		capture.LinkEthernet, capture.LinkRaw, capture.LinkSLL, capture.LinkSLL2, capture.LinkNull, capture.LinkPPP, capture.Link80211, capture.LinkRadiotap,
	} {
		// What fails for the first, for a name that is not known, would fail for all.
		if _, err := p.program(link); err != nil && link == capture.LinkEthernet {
			break
		}
	}
}

func (p *programs) program(link capture.LinkType) (*live.Filter, error) {
	if f, ok := p.compiled[link]; ok {
		return f, nil
	}
	f, err := live.CompileFilter(p.expression, link, 0)
	if err != nil {
		return nil, filterStatus(err)
	}
	p.compiled[link] = f
	return f, nil
}

// filtered applies the expression to a source. It is compiled for the first interface
// at once, so that a mistake is told before anything is read.
func (p *programs) filtered(src capture.Source) (capture.Source, error) {
	if p.expression == "" {
		return src, nil
	}
	link := capture.LinkEthernet
	if known := src.Interfaces(); len(known) > 0 {
		link = known[0].LinkType
	}
	if _, err := p.program(link); err != nil {
		src.Close()
		return nil, err
	}
	return &filteredSource{Source: src, programs: p}, nil
}

// filteredSource passes on the packets of a file that a pcap-filter expression
// matches. They keep their numbers.
type filteredSource struct {
	capture.Source
	programs *programs
}

// Next implements [capture.Source].
func (f *filteredSource) Next(p *capture.Packet) error {
	for {
		if err := f.Source.Next(p); err != nil {
			return err
		}
		program, err := f.programs.program(p.LinkType)
		if err != nil {
			return err
		}
		if program.Match(p.Data, p.Length) {
			return nil
		}
	}
}

// filterStatus gives an error of a filter expression its exit status.
func filterStatus(err error) error {
	if errors.Is(err, live.ErrFilter) {
		return usageError("%w", err)
	}
	return cannot(err)
}
