package ownerhelper

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"

	"github.com/sniffid/sniffid/correlate/owner"
)

// maxSockets bounds a snapshot.
const maxSockets = 1 << 20

// maxKnown bounds how many addresses are remembered.
const maxKnown = 4096

// Client is an [owner.Machine] that asks another process. When that has ended, owners
// have the reason [owner.LookupsEnded], and what was known of addresses stays.
type Client struct {
	// ended is told once why there are no answers any more; not after Close.
	ended func(error)

	mu        sync.Mutex
	conn      io.ReadWriteCloser
	in        *bufio.Reader
	questions []byte // being sent
	buffer    []byte
	dead      error
	known     map[netip.Addr]bool // is it local?
	greeted   bool
	method    string
	weaker    error
}

var (
	_ owner.Machine = (*Client)(nil)
	_ owner.Batches = (*Client)(nil)
)

// NewClient asks through conn, which is the client's from then on. A read or write that
// fails, be it that the other process takes too long, is the end of answers. Ended is told
// once, by any goroutine, if that is before Close.
func NewClient(conn io.ReadWriteCloser, ended func(error)) *Client {
	return &Client{ended: ended, conn: conn, in: bufio.NewReader(conn), buffer: make([]byte, maxAnswer), known: map[netip.Addr]bool{}}
}

// Greet waits until the other process is ready, and returns what it says of ways that
// it has not. Every question waits for that too.
func (c *Client) Greet() (weaker error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.greet()
	return c.weaker
}

// greet receives the first answer, once. The lock is held.
func (c *Client) greet() {
	if c.greeted || c.dead != nil {
		return
	}
	c.greeted = true
	b, err := readAnswer(c.in, c.buffer)
	if err != nil {
		c.fail(err)
		return
	}
	d := decoder{b: b}
	c.method = d.text()
	if text := d.text(); text != "" {
		c.weaker = errors.New(text)
	}
	if err := d.done(); err != nil {
		c.fail(err)
	}
}

// ask sends a question and receives the first answer, which is valid until the next
// question. The lock is held.
func (c *Client) ask(k kind, q owner.Query) ([]byte, error) {
	if err := c.send(k, q); err != nil {
		return nil, err
	}
	text, err := readAnswer(c.in, c.buffer)
	if err != nil {
		return nil, c.fail(err)
	}
	return text, nil
}

// send sends questions of a kind. The lock is held.
func (c *Client) send(k kind, questions ...owner.Query) error {
	c.greet()
	if c.dead != nil {
		return c.dead
	}
	c.questions = c.questions[:0]
	for i := range questions {
		var b [questionSize]byte
		putQuestion(&b, k, &questions[i])
		c.questions = append(c.questions, b[:]...)
	}
	if _, err := c.conn.Write(c.questions); err != nil {
		return c.fail(err)
	}
	return nil
}

// fail notes that there are no more answers. The lock is held.
func (c *Client) fail(why error) error {
	if c.dead == nil {
		c.dead = fmt.Errorf("owner look-ups have ended: %w", why)
		c.conn.Close()
		if c.ended != nil {
			go c.ended(why)
		}
	}
	return c.dead
}

// Fail says that the other process has ended.
func (c *Client) Fail(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.fail(why)
}

// Lookup implements [owner.Source].
func (c *Client) Lookup(q owner.Query) owner.Owner {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.send(askLookup, q) != nil {
		return owner.Owner{Reason: owner.LookupsEnded}
	}
	return c.owner()
}

// LookupAll implements [owner.Batches]: it wakes the other process once for many.
func (c *Client) LookupAll(queries []owner.Query, owners []owner.Owner) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(queries) > 0 {
		n := min(len(queries), together)
		// What fails shows in the answers.
		_ = c.send(askLookup, queries[:n]...)
		for i := range n {
			owners[i] = c.owner()
		}
		queries, owners = queries[n:], owners[n:]
	}
}

// owner receives an owner. The lock is held.
func (c *Client) owner() owner.Owner {
	if c.dead != nil {
		return owner.Owner{Reason: owner.LookupsEnded}
	}
	b, err := readAnswer(c.in, c.buffer)
	d := decoder{b: b}
	var o owner.Owner
	if err == nil {
		o = d.owner()
		err = d.done()
	}
	if err != nil {
		_ = c.fail(err)
		return owner.Owner{Reason: owner.LookupsEnded}
	}
	return o
}

// Local implements [owner.Machine].
func (c *Client) Local(addr netip.Addr) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, err := c.ask(askLocal, owner.Query{Local: netip.AddrPortFrom(addr, 0)})
	if err != nil {
		return c.known[addr]
	}
	local := len(b) == 1 && b[0] == 1
	if _, known := c.known[addr]; known || len(c.known) < maxKnown {
		c.known[addr] = local
	}
	return local
}

// Refresh implements [owner.Source]. Once it has begun it is not interrupted.
func (c *Client) Refresh(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch text, err := c.ask(askRefresh, owner.Query{}); {
	case err != nil:
		return err
	case len(text) > 0:
		return errors.New(string(text))
	}
	return nil
}

// Snapshot implements [owner.Source].
func (c *Client) Snapshot() []owner.Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	var sockets []owner.Socket
	b, err := c.ask(askSnapshot, owner.Query{})
	for ; err == nil && len(b) > 0; b, err = readAnswer(c.in, c.buffer) {
		d := decoder{b: b}
		sockets = append(sockets, d.socket())
		if err = d.done(); err == nil && len(sockets) > maxSockets {
			err = errAnswer
		}
		if err != nil {
			break
		}
	}
	if err != nil {
		_ = c.fail(err)
	}
	return sockets
}

// Method implements [owner.Machine].
func (c *Client) Method() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.greet()
	return c.method
}

// Close implements [owner.Source]. The other process ends by that.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead != nil {
		return nil
	}
	c.dead = errors.New("closed")
	return c.conn.Close()
}
