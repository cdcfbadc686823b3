package cli

import (
	"errors"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/live"
)

// filteredSource passes on the packets of a file that a pcap-filter expression
// matches. They keep their numbers.
type filteredSource struct {
	capture.Source
	expression string
	programs   map[capture.LinkType]*live.Filter
}

// filtered applies a filter expression to a source; "" takes everything. The
// expression is compiled for the first interface at once, so that a mistake is
// told before anything is read.
func filtered(src capture.Source, expression string) (capture.Source, error) {
	if expression == "" {
		return src, nil
	}
	f := &filteredSource{Source: src, expression: expression, programs: make(map[capture.LinkType]*live.Filter)}
	link := capture.LinkEthernet
	if known := src.Interfaces(); len(known) > 0 {
		link = known[0].LinkType
	}
	if _, err := f.program(link); err != nil {
		src.Close()
		return nil, err
	}
	return f, nil
}

func (f *filteredSource) program(link capture.LinkType) (*live.Filter, error) {
	if p, ok := f.programs[link]; ok {
		return p, nil
	}
	p, err := live.CompileFilter(f.expression, link, 0)
	if err != nil {
		return nil, filterStatus(err)
	}
	f.programs[link] = p
	return p, nil
}

// Next implements [capture.Source].
func (f *filteredSource) Next(p *capture.Packet) error {
	for {
		if err := f.Source.Next(p); err != nil {
			return err
		}
		program, err := f.program(p.LinkType)
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
