package ownerhelper

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/sniffid/sniffid/correlate/owner"
)

// maxAnswer bounds an answer, in bytes. Its length comes before it, in four bytes.
const maxAnswer = 64 << 10

// maxDepth bounds the chain of those who started a process.
const maxDepth = 64

var errAnswer = errors.New("an answer that can't be read")

// writeAnswer sends an answer.
func writeAnswer(w io.Writer, answer []byte) error {
	if len(answer) > maxAnswer {
		return fmt.Errorf("an answer of %d bytes", len(answer))
	}
	message := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(answer)), uint32(len(answer)))
	_, err := w.Write(append(message, answer...))
	return err
}

// readAnswer receives an answer; the slice is buffer's, if that is long enough.
func readAnswer(r io.Reader, buffer []byte) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > maxAnswer {
		return nil, errAnswer
	}
	if int(n) > cap(buffer) {
		buffer = make([]byte, n)
	}
	_, err := io.ReadFull(r, buffer[:n])
	return buffer[:n], err
}

// ownerAnswer is an owner as an answer. One with more to it than an answer may hold is
// cut to what matters.
func ownerAnswer(o *owner.Owner) []byte {
	e := encoder{}
	if e.owner(o); len(e.b) > maxAnswer {
		short := owner.Owner{PID: o.PID, NetNS: o.NetNS, Quality: o.Quality, Reason: o.Reason}
		short.Name = o.Name[:min(len(o.Name), 256)]
		e = encoder{}
		e.owner(&short)
	}
	return e.b
}

// socketAnswer is a socket as an answer.
func socketAnswer(s *owner.Socket) []byte {
	e := encoder{}
	e.text(s.Transport[:min(len(s.Transport), transportSize)])
	e.end(s.Local)
	e.end(s.Remote)
	e.text(s.State[:min(len(s.State), 32)])
	e.number(s.NetNS)
	return append(e.b, ownerAnswer(&s.Owner)[:]...)
}

// encoder writes numbers as varints, and texts and lists after their lengths.
type encoder struct{ b []byte }

func (e *encoder) number(n uint64) { e.b = binary.AppendUvarint(e.b, n) }

func (e *encoder) text(s string) {
	e.number(uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) texts(list []string) {
	e.number(uint64(len(list)))
	for _, s := range list {
		e.text(s)
	}
}

func (e *encoder) end(a netip.AddrPort) {
	bytes, _ := a.MarshalBinary() // there is no error
	e.text(string(bytes))
}

// process writes a process and those who started it: for each a 1, then what it is; then
// a 0.
func (e *encoder) process(p *owner.Process) {
	for depth := 0; p != nil && depth < maxDepth; depth++ {
		e.number(1)
		e.number(uint64(p.PID))
		e.text(p.Name)
		p = p.Parent
	}
	e.number(0)
}

func (e *encoder) owner(o *owner.Owner) {
	e.number(uint64(o.PID))
	e.number(o.NetNS)
	for _, s := range ownerTexts(o) {
		e.text(*s)
	}
	for _, list := range ownerLists(o) {
		e.texts(*list)
	}
	e.text(string(o.Quality))
	e.text(string(o.Reason))
	e.process(o.Parent)
	e.number(uint64(len(o.Candidates)))
	for i := range o.Candidates {
		e.process(&o.Candidates[i])
	}
}

// ownerTexts are the fields of an owner that are text, in the order of an answer.
func ownerTexts(o *owner.Owner) []*string {
	return []*string{
		&o.Name, &o.Exe, &o.CommandLine, &o.User, &o.Unit, &o.SocketUnit, &o.Container, &o.ContainerName, &o.Runtime, &o.Pod,
	}
}

func ownerLists(o *owner.Owner) []*[]string { return []*[]string{&o.Services, &o.Modules, &o.URLs} }

// decoder reads what an encoder wrote; after an error it gives zeros.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) number() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.b, d.err = nil, errAnswer
		return 0
	}
	d.b = d.b[size:]
	return n
}

// length is the number of items to come, each of which has a byte at least.
func (d *decoder) length() int {
	n := d.number()
	if n > uint64(len(d.b)) {
		d.b, d.err = nil, errAnswer
		return 0
	}
	return int(n)
}

func (d *decoder) text() string {
	n := d.length()
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

func (d *decoder) texts() []string {
	n := d.length()
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.text()
	}
	return list
}

func (d *decoder) end() (a netip.AddrPort) {
	if s := d.text(); s != "" {
		if err := a.UnmarshalBinary([]byte(s)); err != nil {
			d.err = errAnswer
		}
	}
	return a
}

func (d *decoder) process() *owner.Process {
	var first *owner.Process
	next := &first
	for depth := 0; d.number() == 1; depth++ {
		if depth == maxDepth {
			d.b, d.err = nil, errAnswer
			break
		}
		*next = &owner.Process{PID: int(d.number()), Name: d.text()}
		next = &(*next).Parent
	}
	return first
}

func (d *decoder) owner() (o owner.Owner) {
	o.PID = int(d.number())
	o.NetNS = d.number()
	for _, s := range ownerTexts(&o) {
		*s = d.text()
	}
	for _, list := range ownerLists(&o) {
		*list = d.texts()
	}
	o.Quality = owner.Quality(d.text())
	o.Reason = owner.Reason(d.text())
	o.Parent = d.process()
	if n := d.length(); n > 0 {
		o.Candidates = make([]owner.Process, 0, min(n, 64))
		for range n {
			if p := d.process(); p != nil {
				o.Candidates = append(o.Candidates, *p)
			}
		}
	}
	return o
}

func (d *decoder) socket() (s owner.Socket) {
	s.Transport = d.text()
	s.Local, s.Remote = d.end(), d.end()
	s.State = d.text()
	s.NetNS = d.number()
	s.Owner = d.owner()
	return s
}

// done returns what went wrong, were it only that something is left over.
func (d *decoder) done() error {
	if d.err == nil && len(d.b) > 0 {
		return errAnswer
	}
	return d.err
}
