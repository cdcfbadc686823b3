package signatures

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"sync"

	"github.com/sniffid/sniffid/dissect"
)

// digest is what an engine wants to know of the built-in files before a message
// begins like one of their protocols: compiling them all takes a tenth of a second and
// tens of megabytes, and few of them are ever met. A test writes it (-update) and
// fails when it does not fit the files.
//
//go:embed digest.bin
var digest string

// Protocols returns the protocols of the built-in files, as Load and [Set.Protocols]
// do, and compiles each when it is first wanted. natives are the parsers that files
// may name.
func Protocols(natives map[string]func() dissect.Parser) ([]dissect.Protocol, error) {
	protocols, err := readDigest(digest, natives)
	if err == nil {
		return protocols, nil
	}
	// It is of other files than these: somebody is writing one.
	set, err := Load(Builtin(), natives)
	if err != nil {
		return nil, err
	}
	return set.Protocols(), nil
}

// late is a file that is compiled when it is first wanted.
type late struct {
	path string
	once sync.Once
	file *File
}

func (l *late) get() *File {
	l.once.Do(func() {
		// The digest is of files without mistakes.
		l.file, _ = loadFile(files, l.path, nil)
	})
	return l.file
}

func (l *late) begins(m *dissect.Message) bool { return l.get().begins(m) }
func (l *late) parser() dissect.Parser         { return l.get().make() }

// checksum is that of all built-in files and their names. Every start computes it, so
// the polynomial is one that processors know.
func checksum() (uint64, error) {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	buf := make([]byte, 4<<10)
	err := fs.WalkDir(files, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := files.Open(path)
		if err != nil {
			return err
		}
		_, _ = io.WriteString(sum, path) // a hash does not fail
		_, err = io.CopyBuffer(sum, f, buf)
		return err
	})
	return uint64(sum.Sum32()), err
}

// writeDigest is what readDigest reads. The set is that of all built-in files.
func writeDigest(s *Set) ([]byte, error) {
	sum, err := checksum()
	if err != nil {
		return nil, err
	}
	sets, numbers := []*dissect.ByteSet{}, map[dissect.ByteSet]int{}
	number := func(b *dissect.ByteSet) int {
		if b == nil {
			return 0
		}
		if numbers[*b] == 0 {
			sets = append(sets, b)
			numbers[*b] = len(sets)
		}
		return numbers[*b]
	}
	var w digestWriter
	w.number(len(s.files))
	for _, f := range s.files {
		w.texts(f.Path, f.Protocol, f.Title, f.Spec, f.Native)
		w.number(len(f.Over))
		w.texts(f.Over...)
		w.number(len(f.Above))
		for _, a := range f.Above {
			w.texts(a.Protocol)
		}
		w.number(f.Budget)
		w.flag(f.Framing)
		w.number(len(f.rows))
		for i := range f.rows {
			r := &f.rows[i]
			w.texts(r.Signature)
			w.number(int(r.From))
			w.flag(r.FirstOnly)
			for _, n := range [...]int{r.Min, r.Least, r.Most, len(r.Prefix)} {
				w.number(n)
			}
			for _, b := range r.Prefix {
				w.number(number(b))
			}
		}
	}
	head := digestWriter(binary.LittleEndian.AppendUint64(nil, sum))
	head.number(len(sets))
	for _, b := range sets {
		for _, word := range b {
			head = binary.LittleEndian.AppendUint64(head, word)
		}
	}
	return append(head, w...), nil
}

type digestWriter []byte

func (w *digestWriter) number(n int) { *w = binary.AppendUvarint(*w, uint64(n)) }

func (w *digestWriter) flag(b bool) {
	n := 0
	if b {
		n = 1
	}
	w.number(n)
}

func (w *digestWriter) texts(all ...string) {
	for _, s := range all {
		w.number(len(s))
		*w = append(*w, s...)
	}
}

// errDigest says that a digest is cut short, or of other files.
var errDigest = errors.New("signatures: the digest does not fit the files")

// maxItems bounds every count of a digest.
const maxItems = 1 << 16

func readDigest(text string, natives map[string]func() dissect.Parser) ([]dissect.Protocol, error) {
	sum, err := checksum()
	r := digestReader{left: text}
	if err != nil || r.word() != sum {
		return nil, errDigest
	}
	sets := make([]dissect.ByteSet, r.number())
	for i := range sets {
		for j := range sets[i] {
			sets[i][j] = r.word()
		}
	}
	n := r.number()
	protocols := make([]dissect.Protocol, 0, min(n, len(r.left)/8)) // each takes more
	for range n {
		l := &late{path: r.text()}
		p := dissect.Protocol{Name: r.text(), Title: r.text(), Spec: r.text(), Begins: l.begins, New: l.parser}
		native := r.text()
		if native != "" {
			p.Begins, p.New = nil, natives[native]
		}
		p.Over, p.Above = r.texts(), r.texts()
		p.Budget, p.Framing = r.number(), r.number() != 0
		p.Rows = make([]dissect.Row, r.number())
		for i := range p.Rows {
			r.row(&p.Rows[i], sets)
		}
		if r.short {
			return nil, errDigest
		}
		if p.New != nil {
			protocols = append(protocols, p)
		}
	}
	if r.short || len(r.left) > 0 {
		return nil, errDigest
	}
	return protocols, nil
}

// digestReader reads until it is short of bytes; then everything is zero. Texts stay part
// of what it reads.
type digestReader struct {
	left  string
	short bool
}

func (r *digestReader) fail() {
	r.left, r.short = "", true
}

// take reads n bytes.
func (r *digestReader) take(n int) string {
	if n > len(r.left) {
		r.fail()
		return ""
	}
	s := r.left[:n]
	r.left = r.left[n:]
	return s
}

func (r *digestReader) word() (n uint64) {
	for i, b := range []byte(r.take(8)) {
		n |= uint64(b) << (8 * i)
	}
	return n
}

// number reads an unsigned varint.
func (r *digestReader) number() (n int) {
	for shift := 0; shift < 3*7; shift += 7 { // maxItems has no more bytes
		b := r.take(1)
		if b == "" {
			return 0
		}
		n |= int(b[0]&0x7f) << shift
		if b[0] < 0x80 {
			if n > maxItems {
				break
			}
			return n
		}
	}
	r.fail()
	return 0
}

func (r *digestReader) text() string { return r.take(r.number()) }

func (r *digestReader) texts() []string {
	n := r.number()
	if n == 0 {
		return nil
	}
	all := make([]string, n)
	for i := range all {
		all[i] = r.text()
	}
	return all
}

func (r *digestReader) row(row *dissect.Row, sets []dissect.ByteSet) {
	row.Signature = r.text()
	row.From, row.FirstOnly = dissect.From(r.number()), r.number() != 0
	row.Min, row.Least, row.Most = r.number(), r.number(), r.number()
	row.Prefix = make([]*dissect.ByteSet, r.number())
	for i := range row.Prefix {
		switch n := r.number(); {
		case n > len(sets):
			r.fail()
		case n > 0:
			row.Prefix[i] = &sets[n-1]
		}
	}
}
