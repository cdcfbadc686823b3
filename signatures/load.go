package signatures

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/signatures/lang"
	"github.com/sniffid/sniffid/signatures/machine"
)

// Set is a loaded folder of signature files, in the order of their paths. It is
// not changed but by Override.
type Set struct{ files []*File }

// maxFile bounds a signature file, in bytes.
const maxFile = 1 << 20

// Load reads every .yaml file of a folder and the folders below it. natives are
// the parsers that files may name; with a nil map such files are read, but they
// make no protocol. The error joins all mistakes of all files, each an [*Error].
func Load(fsys fs.FS, natives map[string]func() dissect.Parser) (*Set, error) {
	var paths []string
	err := fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := path.Ext(p); !e.IsDir() && (ext == ".yaml" || ext == ".yml") {
			paths = append(paths, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list signature files: %w", err)
	}
	files := make([]*File, len(paths))
	errs := make([][]*Error, len(paths))
	var wg sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), len(paths))
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(paths); i += workers {
				files[i], errs[i] = loadFile(fsys, paths[i], natives)
			}
		})
	}
	wg.Wait()
	s := &Set{files: files}
	all := slices.Concat(errs...)
	all = append(all, s.duplicates()...)
	if err := join(all); err != nil {
		return nil, err
	}
	s.link()
	return s, nil
}

func join(errs []*Error) error {
	all := make([]error, len(errs))
	for i, e := range errs {
		all[i] = e
	}
	return errors.Join(all...)
}

// link finds each protocol's transport: the first of over, or that of the first
// carrier that has one.
func (s *Set) link() {
	byName := make(map[string]*File, len(s.files))
	for _, f := range s.files {
		byName[f.Protocol] = f
		f.transport = ""
	}
	var find func(f *File, depth int) string
	find = func(f *File, depth int) string {
		if f == nil || depth > 8 {
			return ""
		}
		for _, o := range f.Over {
			if isTransport(o) {
				return o
			}
		}
		for _, o := range f.Over {
			if t := find(byName[o], depth+1); t != "" {
				return t
			}
		}
		return ""
	}
	for _, f := range s.files {
		f.transport = find(f, 0)
	}
}

func (s *Set) duplicates() (errs []*Error) {
	seen := map[string]string{}
	for _, f := range s.files {
		if other, ok := seen[f.Protocol]; ok && f.Protocol != "" {
			errs = append(errs, &Error{File: f.Path, Msg: fmt.Sprintf("protocol %s is described in %s already", f.Protocol, other)})
		}
		seen[f.Protocol] = f.Path
	}
	return errs
}

func loadFile(fsys fs.FS, name string, natives map[string]func() dissect.Parser) (*File, []*Error) {
	f := &File{Path: name, fsys: fsys}
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return f, []*Error{{File: name, Msg: err.Error()}}
	}
	if len(src) > maxFile {
		return f, []*Error{{File: name, Msg: fmt.Sprintf("longer than %d bytes", maxFile)}}
	}
	f.source = src
	head, _ := split(src)
	n, yerr := readYAML(name, head)
	if yerr != nil {
		return f, []*Error{yerr}
	}
	d := &decoder{file: name}
	decode(d, n, fileKeys, f)
	f.check(d, n)
	if f.Native != "" {
		f.bind(d, n, natives)
	} else if f.Messages != nil {
		f.compile(d)
	}
	slices.SortStableFunc(d.errs, func(a, b *Error) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return f, d.errs
}

// check tests what concerns more than one key.
func (f *File) check(d *decoder, n *node) {
	switch {
	case f.Native != "" && f.Messages != nil:
		d.errorf(n.get("native"), "either messages or native")
	case f.Native == "" && n.get("messages") == nil:
		d.errorf(n, "messages is missing")
	case f.Native != "" && f.Rows == nil && n.get("rows") == nil:
		d.errorf(n.get("native"), "rows is missing: how the messages begin")
	case f.Native == "" && f.Rows != nil:
		d.errorf(n.get("rows"), "rows go with native")
	}
	if family := path.Base(path.Dir(f.Path)); family != "." && f.Family != "" && family != f.Family {
		d.errorf(n.get("family"), "the file is in the folder %s", family)
	}
	if len(f.Over) == 0 && n.get("over") != nil {
		d.errorf(n.get("over"), "a list is wanted: [tcp, udp]")
	}
	for i, o := range f.Over {
		if strings.Contains(o, "/") {
			f.Over[i] = d.carrier(n.get("over"), o)
		}
	}
}

// carrier reads a number of a layer below, however it is written.
func (d *decoder) carrier(n *node, s string) string {
	c, err := dissect.ParseCarrier(s)
	if err != nil {
		d.errorf(n, "%v", err)
	}
	return c.String()
}

// carrierBits is what the number counts for that carries the protocol, at
// least.
func (f *File) carrierBits() int {
	least := -1
	for _, o := range f.Over {
		c, err := dissect.ParseCarrier(o)
		if err != nil {
			return 0
		}
		if least < 0 || c.Bits() < least {
			least = c.Bits()
		}
	}
	return max(least, 0)
}

func (f *File) bind(d *decoder, n *node, natives map[string]func() dissect.Parser) {
	for i := range f.Rows {
		f.Rows[i].Signature = f.Protocol + "." + f.Rows[i].Signature
	}
	f.rows = f.Rows
	if natives == nil {
		return
	}
	f.make = natives[f.Native]
	if f.make == nil {
		d.errorf(n.get("native"), "there is no native parser %s", f.Native)
	}
}

// transports are the carriers that are no protocols of their own, besides the
// numbers of layers below ([dissect.Carrier]). All but tcp delimit their
// messages.
var transports = []string{"tcp", "udp", "sctp"}

// isTransport reports whether o is a carrier at the bottom of a flow.
func isTransport(o string) bool {
	return slices.Contains(transports, o) || strings.Contains(o, "/")
}

func (f *File) compile(d *decoder) {
	env := lang.Env{Tables: f.tables}
	for _, o := range f.Over {
		env.Sized = env.Sized || o != "tcp"
		env.Open = env.Open || o == "tcp" || !isTransport(o)
	}
	var units []lang.Unit
	for _, m := range f.Messages {
		if m.text == nil || m.text.kind != scalar {
			return
		}
		if m.text.style == folded {
			d.errorf(m.text, "a layout's lines must be kept: write layout: |")
			return
		}
		units = append(units, lang.Unit{Name: m.Name, Text: m.text.text})
	}
	prog, err := lang.Compile(env, units)
	var mistakes lang.Errors
	if errors.As(err, &mistakes) {
		for _, e := range mistakes {
			line, col := f.place(f.Messages[e.Unit].text, e.Pos)
			d.errs = append(d.errs, &Error{f.Path, line, col, e.Msg})
		}
		return
	}
	f.program = prog
	messages := make([]machine.Message, len(f.Messages))
	for i, m := range f.Messages {
		m.Layout = prog.Layouts[i]
		messages[i] = machine.Message{
			Layout: m.Layout, Signature: f.Protocol + "." + m.Name, Reason: m.Reason,
			From: m.From, First: m.First, Weak: m.Weak, MaxBits: m.MaxBits,
		}
		m.carrierBits = f.carrierBits()
	}
	f.unreachable(d)
	p := machine.New(messages, len(prog.Memories))
	f.rows = p.Rows()
	f.make, f.begins = p.Parser, p.Begins
}

// unreachable reports messages that an earlier one takes every time.
func (f *File) unreachable(d *decoder) {
	for i, m := range f.Messages {
		for _, e := range f.Messages[:i] {
			wider := (e.From == dissect.FromEither || e.From == m.From) && (!e.First || m.First)
			same := e.Layout.Text == m.Layout.Text
			if wider && (same || e.Layout.Always()) {
				d.errs = append(d.errs, &Error{f.Path, m.line, m.col, fmt.Sprintf("%s can't be reached: %s matches before it", m.Name, e.Name)})
				break
			}
		}
	}
}

// place finds a position of a layout in the file.
func (f *File) place(n *node, pos lang.Pos) (line, col int) {
	if n.style != literal {
		col = n.col
		if n.style == quotedScalar {
			col++
		}
		return n.line, col + pos.Column - 1
	}
	lines := strings.Split(string(f.source), "\n")
	indent := 0
	for _, l := range lines[min(n.line, len(lines)):] {
		if t := strings.TrimLeft(l, " "); t != "" && t != "\r" {
			indent = len(l) - len(t)
			break
		}
	}
	return n.line + pos.Line, indent + pos.Column
}

// Files returns the files in the order of their paths. The slice is the
// caller's.
func (s *Set) Files() []*File { return slices.Clone(s.files) }

// File returns the file of a protocol, or nil.
func (s *Set) File(protocol string) *File {
	for _, f := range s.files {
		if f.Protocol == protocol {
			return f
		}
	}
	return nil
}

// Override adds the files of other; one for a protocol that s has replaces it.
func (s *Set) Override(other *Set) {
	for _, f := range other.files {
		i := slices.IndexFunc(s.files, func(g *File) bool { return g.Protocol == f.Protocol })
		if i >= 0 {
			s.files[i] = f
		} else {
			s.files = append(s.files, f)
		}
	}
	s.link()
}

// Protocols returns what [dissect.NewEngine] wants, without the protocols whose
// native parser was not given to Load.
func (s *Set) Protocols() []dissect.Protocol {
	out := make([]dissect.Protocol, 0, len(s.files))
	for _, f := range s.files {
		if f.make == nil {
			continue
		}
		p := dissect.Protocol{
			Name: f.Protocol, Title: f.Title, Spec: f.Spec, Over: f.Over, Rows: f.rows,
			Budget: f.Budget, Framing: f.Framing, Begins: f.begins, New: f.make,
		}
		for _, a := range f.Above {
			p.Above = append(p.Above, a.Protocol)
		}
		out = append(out, p)
	}
	return out
}
