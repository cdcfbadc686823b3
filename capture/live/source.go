package live

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sniffid/sniffid/capture"
)

// source implements [capture.Source] over any number of handles.
type source struct {
	config Config
	open   func(name string) (handle, error)
	up     func() ([]string, error)
	log    *slog.Logger

	queue *queue
	// front is the batch being handed out, from at on; the consumer's own.
	front  *batch
	at     int
	full   float64 // how full the queue was when front was taken
	number uint64
	timer  *time.Timer

	stopping atomic.Bool               // nothing more is wanted
	last     atomic.Pointer[time.Time] // when the capture was told to end; nil: not yet
	stop     chan struct{}             // closed by Stop and Close
	stopOnce sync.Once
	running  sync.WaitGroup

	mu         sync.Mutex
	follow     bool // new interfaces may come
	interfaces []capture.Interface
	readers    map[string]*reader // by interface name
	refused    map[string]error   // why they could not be opened since they came up
	past       []drops            // of readers that have ended, by interface
}

// reader is one handle at work.
type reader struct {
	handle   handle
	name     string
	index    int // in source.interfaces
	linkType capture.LinkType
	drops    atomic.Pointer[drops]
}

var _ Source = (*source)(nil)

func newSource(config Config, open func(string) (handle, error), up func() ([]string, error)) *source {
	timer := time.NewTimer(config.Timeout)
	timer.Stop()
	return &source{
		config:  config,
		open:    open,
		up:      up,
		log:     config.Logger,
		queue:   newQueue(),
		front:   new(batch),
		timer:   timer,
		stop:    make(chan struct{}),
		readers: make(map[string]*reader),
		refused: make(map[string]error),
	}
}

// start captures on the named interfaces, all of which have to open.
func (s *source) start(names []string) error {
	handles := make([]handle, 0, len(names))
	for _, name := range names {
		h, err := s.open(name)
		if err != nil {
			for _, h := range handles {
				h.close()
			}
			return err
		}
		handles = append(handles, h)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, h := range handles {
		s.add(names[i], h)
	}
	return nil
}

// startAny captures on every interface that is up, one of which has to open,
// and looks for more whenever watch says that something may have changed.
func (s *source) startAny(watch func(stop <-chan struct{}, changed func(), log *slog.Logger)) error {
	s.follow = true
	if err := s.scan(); err != nil {
		s.Close()
		return err
	}
	s.running.Go(func() {
		var once sync.Once
		watch(s.stop, func() {
			err := s.scan()
			switch {
			case errors.Is(err, fs.ErrPermission):
				once.Do(func() {
					s.log.Warn("interfaces have changed; those that come up are not captured on, for lack of permission", "err", err)
				})
			case err != nil:
				s.log.Warn("look for interfaces", "err", err)
			}
		}, s.log)
	})
	return nil
}

// scan opens the interfaces that are up and not captured on. If there has never
// been one that opens, it returns the first failure; else it logs failures.
func (s *source) scan() error {
	names, err := s.up()
	if err != nil {
		return fmt.Errorf("list interfaces: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	refused := make(map[string]error) // those that went down may be tried again
	var failed []string
	for _, name := range names {
		if s.readers[name] != nil {
			continue
		}
		if err := s.refused[name]; err != nil {
			refused[name] = err
			continue
		}
		h, err := s.open(name)
		if err != nil {
			refused[name] = err
			failed = append(failed, name)
			continue
		}
		s.add(name, h)
	}
	s.refused = refused
	if len(failed) > 0 && len(s.interfaces) == 0 {
		return refused[failed[0]]
	}
	for _, name := range failed {
		s.log.Warn("cannot capture", "iface", name, "err", refused[name])
	}
	return nil
}

// add starts a reader; s.mu is held. An interface that comes back as it was
// keeps its index.
func (s *source) add(name string, h handle) {
	if s.stopping.Load() || s.last.Load() != nil {
		h.close()
		return
	}
	origin := h.origin()
	r := &reader{handle: h, name: name, index: len(s.interfaces), linkType: origin.LinkType}
	r.drops.Store(new(drops))
	for i := range s.interfaces {
		if s.interfaces[i] == origin {
			r.index = i
		}
	}
	if r.index == len(s.interfaces) {
		s.interfaces = append(s.interfaces, origin)
		s.past = append(s.past, drops{})
	}
	s.readers[name] = r
	s.log.Debug("capture begins", "iface", name, "linktype", origin.LinkType)
	s.running.Go(func() { s.run(r) })
}

// countInterval is how often a reader fetches its drop counters.
const countInterval = 200 * time.Millisecond

// run reads until the source is closed, or has ended, or the interface fails.
func (s *source) run(r *reader) {
	var failure error
	b := new(batch)
	counted := time.Now()
	for over := false; !over && !s.stopping.Load() && failure == nil; {
		b.iface, b.linkType = r.index, r.linkType
		err := r.handle.read(b)
		if last := s.last.Load(); last != nil {
			over = s.rest(*last, b, err)
		}
		if b = s.queue.push(b); b == nil {
			break
		}
		if err != nil && !errors.Is(err, capture.ErrTimeout) {
			failure = err
		}
		if now := time.Now(); now.Sub(counted) >= countInterval {
			counted = now
			r.count()
		}
	}
	r.count()
	r.handle.close()
	s.remove(r, failure)
}

func (r *reader) count() {
	d := r.handle.drops()
	r.drops.Store(&d)
}

// remove takes a reader off the list; the last one ends the source.
func (s *source) remove(r *reader, failure error) {
	s.mu.Lock()
	s.past[r.index].add(r.drops.Load())
	delete(s.readers, r.name)
	last := len(s.readers) == 0 && !s.follow
	s.mu.Unlock()
	if failure != nil && !s.stopping.Load() {
		s.log.Warn("capture ended", "iface", r.name, "err", failure)
	}
	if last {
		s.queue.end()
	}
}

// Next implements [capture.Source].
func (s *source) Next(p *capture.Packet) error {
	if s.at == len(s.front.packets) {
		if err := s.advance(); err != nil {
			return err
		}
	}
	if s.stopping.Load() {
		return io.EOF
	}
	q := s.front.packets[s.at]
	s.at++
	s.number++
	*p = capture.Packet{
		Number:    s.number,
		Timestamp: q.timestamp,
		Data:      s.front.data[q.start:q.end:q.end],
		Length:    q.length,
		LinkType:  q.linkType,
		Interface: q.iface,
	}
	return nil
}

// advance waits for a batch with packets.
func (s *source) advance() error {
	s.timer.Reset(s.config.Timeout)
	defer s.timer.Stop()
	for {
		b, size, ended := s.queue.take(s.front)
		switch {
		case b != nil:
			s.front, s.at = b, 0
			s.full = float64(size) / maxWaiting
			return nil
		case ended:
			return io.EOF
		}
		if s.config.Idle != nil {
			s.config.Idle()
		}
		select {
		case <-s.queue.ready:
		case <-s.timer.C:
			return capture.ErrTimeout
		}
	}
}

// Backlog implements [Source].
func (s *source) Backlog() float64 { return s.full }

// Interfaces implements [capture.Source]. With [Any] the list grows.
func (s *source) Interfaces() []capture.Interface {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.interfaces[:len(s.interfaces):len(s.interfaces)]
}

// Stats implements [capture.Source]. Drops may be those of a fifth of a
// second ago; after Close they are final.
func (s *source) Stats() capture.Stats {
	received, truncated := s.queue.counts()
	s.mu.Lock()
	defer s.mu.Unlock()
	var total drops
	for i := range s.past {
		d := s.losses(i)
		total.add(&d)
	}
	return capture.Stats{Received: received, Dropped: total.dropped, IfDropped: total.ifDropped, Truncated: truncated}
}

// Lost implements [Source].
func (s *source) Lost(i int) capture.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.losses(i)
	return capture.Stats{Dropped: d.dropped, IfDropped: d.ifDropped}
}

// losses are those of the i-th interface; s.mu is held.
func (s *source) losses(i int) drops {
	d := s.past[i]
	for _, r := range s.readers {
		if r.index == i {
			d.add(r.drops.Load())
		}
	}
	return d
}
