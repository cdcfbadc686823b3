package main

import (
	"bufio"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// corpus is a folder of captures with the labels of their flows.
type corpus struct {
	name  string
	dir   string // of the captures
	truth map[string]map[flowKey][]string
}

// flowKey names a flow whichever end is the client: a is the smaller end.
type flowKey struct {
	transport string
	a, b      netip.AddrPort
}

func newKey(transport string, a, b netip.AddrPort) flowKey {
	if b.Compare(a) < 0 {
		a, b = b, a
	}
	return flowKey{transport, a, b}
}

func (k flowKey) String() string { return fmt.Sprintf("%s %s %s", k.transport, k.a, k.b) }

func openCorpus(dir string) (*corpus, error) {
	f, err := os.Open(filepath.Join(dir, "truth.tsv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c := &corpus{name: filepath.Base(dir), dir: dir}
	if info, err := os.Stat(filepath.Join(dir, "pcaps")); err == nil && info.IsDir() {
		c.dir = filepath.Join(dir, "pcaps")
	}
	if c.truth, err = loadTruth(f); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return c, nil
}

// loadTruth reads labels: a line of seven columns for each flow, separated by
// tabs: file, transport, an end's address and port, the other's, and the
// protocols, separated by commas. "-" stands where nothing may be claimed. The
// first line has the columns' names.
func loadTruth(r io.Reader) (map[string]map[flowKey][]string, error) {
	truth := make(map[string]map[flowKey][]string)
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		c := strings.Split(lines.Text(), "\t")
		if n == 1 && c[0] == "file" {
			continue
		}
		if len(c) != 7 {
			return nil, fmt.Errorf("line %d has %d columns, 7 are wanted", n, len(c))
		}
		a, errA := endpoint(c[2], c[3])
		b, errB := endpoint(c[4], c[5])
		if err := errors.Join(errA, errB); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if truth[c[0]] == nil {
			truth[c[0]] = make(map[flowKey][]string)
		}
		var protocols []string
		if c[6] != "-" {
			protocols = strings.Split(c[6], ",")
		}
		truth[c[0]][newKey(c[1], a, b)] = protocols
	}
	return truth, lines.Err()
}

func endpoint(addr, port string) (netip.AddrPort, error) {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return netip.AddrPort{}, err
	}
	p, err := strconv.ParseUint(port, 10, 16)
	return netip.AddrPortFrom(a.WithZone(""), uint16(p)), err
}

// files are the names of the captures, sorted.
func (c *corpus) files() []string { return slices.Sorted(maps.Keys(c.truth)) }

// reshape turns one packet of a capture into those that are given to emit
// instead. Emitted packets are read before emit returns.
type reshape func(p *capture.Packet, emit func(*capture.Packet))

// identify runs a capture, reshaped if shape is not nil, and returns its flows
// in the order of their first packets. What cannot be read ends the capture;
// what was read before stands.
func (s *suite) identify(path string, shape reshape) ([]*pipeline.Flow, error) {
	return s.follow(path, shape, nil)
}

// follow is identify that tells of answers as they change.
func (s *suite) follow(path string, shape reshape, onUpdate func(*pipeline.Flow)) ([]*pipeline.Flow, error) {
	src, err := pcapfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	var flows []*pipeline.Flow
	p := pipeline.New(pipeline.Config{Engine: s.engine, OnUpdate: onUpdate, OnFlow: func(f *pipeline.Flow) {
		kept := *f
		flows = append(flows, &kept)
	}})
	number := uint64(0)
	feed := func(pkt *capture.Packet) {
		number++
		pkt.Number = number
		err = p.Packet(pkt) // nil: there is no OnPacket
	}
	for {
		var pkt capture.Packet
		if e := src.Next(&pkt); e != nil {
			var damage *capture.DamageError
			if !errors.Is(e, io.EOF) && !errors.As(e, &damage) {
				err = e
			}
			break
		}
		if shape == nil {
			feed(&pkt)
		} else {
			shape(&pkt, feed)
		}
	}
	p.Finish()
	for _, f := range p.Failures() {
		err = errors.Join(err, errors.New(f.String()))
	}
	slices.SortFunc(flows, func(a, b *pipeline.Flow) int { return cmp.Compare(a.First, b.First) })
	return flows, err
}

// keyOf names a flow as the labels do.
func keyOf(f *pipeline.Flow) flowKey {
	return newKey(f.Transport, f.Client.AddrPort(), f.Server.AddrPort())
}

// each calls do for every capture of the corpora, several at a time.
func (s *suite) each(do func(c *corpus, file string) error) error {
	type job struct {
		c    *corpus
		file string
	}
	jobs := make(chan job)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for range 2 {
		wg.Go(func() {
			for j := range jobs {
				if err := do(j.c, j.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
					mu.Lock()
					errs = append(errs, fmt.Errorf("%s: %w", j.file, err))
					mu.Unlock()
				}
			}
		})
	}
	for _, c := range s.corpora {
		for _, f := range c.files() {
			jobs <- job{c, f}
		}
	}
	close(jobs)
	wg.Wait()
	return errors.Join(errs...)
}
