package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/builtin"
	"github.com/sniffid/sniffid/signatures"
)

// errFailed says that some mutants did what none may do.
var errFailed = errors.New("mutants failed")

// hangs is how long a mutant may take before it counts as one that never ends.
const hangs = 30 * time.Second

// experiment makes mutants and watches what becomes of them.
type experiment struct {
	*options
	originals []original
	engine    *dissect.Engine
	out       io.Writer

	done, failed, packets, files int
	slowest                      time.Duration
	slow                         int // the mutant that took longest
	memory                       uint64
}

func newExperiment(o *options, folders []string, out io.Writer) (*experiment, error) {
	e := &experiment{options: o, out: out}
	set, err := signatures.Load(signatures.Builtin(), builtin.All())
	if err != nil {
		return nil, err
	}
	if e.engine, err = dissect.NewEngine(set.Protocols(), dissect.Config{}); err != nil {
		return nil, err
	}
	if e.originals, err = load(folders); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *experiment) run(ctx context.Context) error {
	// The originals are the experiment's own memory, not that of a mutant's reader.
	debug.FreeOSMemory()
	own := memory()
	first, last := 0, e.count
	if e.only >= 0 {
		first, last = e.only, e.only+1
	}
	fmt.Fprintf(e.out, "%d captures\n", len(e.originals))
	next := time.Now().Add(time.Minute)
	for n := first; n < last && ctx.Err() == nil; n++ {
		m := e.make(n)
		e.observe(n, m, own)
		if now := time.Now(); now.After(next) {
			e.summary()
			next = now.Add(time.Minute)
		}
	}
	e.summary()
	if e.failed > 0 {
		return errFailed
	}
	return nil
}

// observe reads a mutant and reports what it did wrong.
func (e *experiment) observe(n int, m *mutant, own uint64) {
	// One that never ends can't be told of afterwards.
	hang := time.AfterFunc(max(hangs, 2*e.limits.time), func() {
		e.report(n, m, "it does not end")
		os.Exit(1)
	})
	begin := time.Now()
	a, err := e.read(m)
	took := time.Since(begin)
	hang.Stop()

	e.done++
	e.packets += a.packets
	if m.file != nil {
		e.files++
	}
	if took > e.slowest {
		e.slowest, e.slow = took, n
	}
	used := memory() - min(own, memory())
	e.memory = max(e.memory, used)
	switch {
	case err != nil:
		e.report(n, m, err.Error())
	case took > e.limits.time && e.slower(m):
		e.report(n, m, fmt.Sprintf("it takes %v", took.Round(time.Millisecond)))
	case used > e.limits.memory:
		e.report(n, m, fmt.Sprintf("it takes %d MiB", used>>20))
	}
	if n%64 == 0 {
		if again, _ := e.read(m); again.text != a.text {
			e.report(n, m, "it is read differently the second time:\n"+a.text+"\n"+again.text)
		}
	}
}

// slower reports whether a mutant takes too long another time: the machine may have been
// busy with something else.
func (e *experiment) slower(m *mutant) bool {
	begin := time.Now()
	_, _ = e.read(m)
	return time.Since(begin) > e.limits.time
}

// memory is what the process has from the system and uses, in bytes.
func memory() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

func (e *experiment) summary() {
	fmt.Fprintf(e.out, "%d mutants (%d damaged files, %d packets read), %d failed; the slowest, %d, took %v; at most %d MiB\n",
		e.done, e.files, e.packets, e.failed, e.slow, e.slowest.Round(time.Millisecond), e.memory>>20)
}

// report tells of a mutant that failed and keeps it.
func (e *experiment) report(n int, m *mutant, what string) {
	e.failed++
	fmt.Fprintf(e.out, "mutant %d (-seed %d -only %d) of %s: %s\n", n, e.seed, n, m.of, what)
	path := filepath.Join(e.save, fmt.Sprintf("mutant-%d-%d.pcapng", e.seed, n))
	if err := m.write(path); err != nil {
		fmt.Fprintln(e.out, "it can't be kept:", err)
		return
	}
	fmt.Fprintln(e.out, "it is kept as", path)
}

// write makes a file of the mutant.
func (m *mutant) write(path string) (err error) {
	if m.file != nil {
		return os.WriteFile(path, m.file, 0o600)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, err := pcapfile.NewWriter(f, pcapfile.WriterConfig{})
	if err != nil {
		return err
	}
	for _, i := range m.interfaces() {
		w.AddInterface(i)
	}
	for i := range m.packets {
		if err := w.Write(&m.packets[i]); err != nil {
			return err
		}
	}
	return w.Flush()
}

// interfaces are as many as the packets speak of.
func (m *mutant) interfaces() []capture.Interface {
	var list []capture.Interface
	for i := range m.packets {
		p := &m.packets[i]
		for len(list) <= p.Interface {
			list = append(list, capture.Interface{LinkType: p.LinkType})
		}
	}
	return list
}
