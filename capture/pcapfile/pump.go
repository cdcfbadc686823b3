package pcapfile

import (
	"io"
	"sync"
)

// pump reads from r in a goroutine of its own, so that Close ends a Read that
// waits for it: closing a terminal or a pipe that is standard input does not.
// The goroutine itself ends when r's pending read does.
type pump struct {
	full chan []byte // chunks read
	free chan []byte // chunks to read into
	done chan struct{}
	once sync.Once

	chunk, rest []byte // being consumed; rest is its unread part
	err         error  // why r ended; valid once full is closed
}

// pumpChunk is the size of one of the two buffers in bytes.
const pumpChunk = 256 << 10

func newPump(r io.Reader) *pump {
	p := &pump{
		full: make(chan []byte),
		free: make(chan []byte, 2),
		done: make(chan struct{}),
	}
	p.free <- make([]byte, pumpChunk)
	p.free <- make([]byte, pumpChunk)
	go p.run(r)
	return p
}

func (p *pump) run(r io.Reader) {
	defer close(p.full)
	for {
		var b []byte
		select {
		case b = <-p.free:
		case <-p.done:
			p.err = io.EOF
			return
		}
		n, err := r.Read(b[:cap(b)])
		select {
		case p.full <- b[:n]:
		case <-p.done:
			err = io.EOF
		}
		if err != nil {
			p.err = err
			return
		}
	}
}

// Read implements [io.Reader].
func (p *pump) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.chunk != nil {
			p.free <- p.chunk
			p.chunk = nil
		}
		select {
		case chunk, ok := <-p.full:
			if !ok {
				return 0, p.err
			}
			p.chunk, p.rest = chunk, chunk
		case <-p.done:
			return 0, io.EOF
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// Close implements [io.Closer].
func (p *pump) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}
