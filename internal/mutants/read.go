package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// answer is what came of a mutant.
type answer struct {
	packets int
	text    string // every flow's name and state
}

// read identifies what is in a mutant. A file that can't be read further is no mistake;
// an error is.
func (e *experiment) read(m *mutant) (a answer, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	var text strings.Builder
	p := pipeline.New(pipeline.Config{Engine: e.engine, OnFlow: func(f *pipeline.Flow) {
		fmt.Fprintf(&text, "%s %v %v %s %s %s\n", f.Transport, f.Client.AddrPort(), f.Server.AddrPort(),
			f.State, f.Answer.Confidence, strings.Join(f.Answer.Protocols, " "))
		err = errors.Join(err, sound(f))
	}})
	feed := func(pkt *capture.Packet) {
		a.packets++
		err = errors.Join(err, p.Packet(pkt))
	}
	if m.file != nil {
		if src, e := pcapfile.NewReader(bytes.NewReader(m.file), m.of); e == nil {
			var pkt capture.Packet
			for src.Next(&pkt) == nil {
				feed(&pkt)
			}
			src.Close()
		}
	}
	for i := range m.packets {
		feed(&m.packets[i])
	}
	p.Finish()
	for range p.AllPorts() {
	}
	for _, f := range p.Failures() {
		err = errors.Join(err, errors.New(f.String()))
	}
	a.text = text.String()
	return a, err
}

// sound checks what holds for every flow.
func sound(f *pipeline.Flow) error {
	if len(f.Answer.Protocols) > 0 && len(f.Answer.Evidence) == 0 {
		return fmt.Errorf("%s without evidence", strings.Join(f.Answer.Protocols, " "))
	}
	for i := range f.Answer.Evidence {
		if x := &f.Answer.Evidence[i]; x.Offset < 0 || x.Length < 0 || x.Length > 1<<20 {
			return fmt.Errorf("evidence of %s: %d bytes at %d", x.Protocol, x.Length, x.Offset)
		}
	}
	return nil
}
