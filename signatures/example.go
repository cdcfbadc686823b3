package signatures

import (
	"errors"
	"io/fs"
	"net/netip"
	"path"
	"slices"

	"github.com/sniffid/sniffid/dissect/flow"
)

// Example is an exchange and what is expected of it.
type Example struct {
	File *File
	Name string
	// Why says what a counterexample is instead.
	Why string
	// Counter marks a counterexample: it must not get the file's protocol.
	Counter bool
	// Transport is "tcp", "udp", "sctp" or a [dissect.Carrier].
	Transport string
	// Middle says that the capture began after the connection.
	Middle         bool
	Client, Server netip.Addr
	// PPID is the payload protocol identifier of the messages over SCTP.
	PPID     uint32
	Exchange []Turn
	// Pcap is a capture below testdata/pcaps that stands for Exchange.
	Pcap string
	// Protocols is the whole stack, lowest first; nil where nothing is said.
	Protocols  []string
	Confidence string
	Attributes map[string]string
	// Expects are announced flows: "tcp/49152=dcerpc".
	Expects []string
	// Line is where the example begins in its file.
	Line int
}

// Turn is one segment or datagram of an exchange.
type Turn struct {
	From flow.Direction
	Data []byte
}

var exampleKeys = []key[Example]{
	{"name", true, "what it is", text, func(d *decoder, n *node, e *Example) { e.Name = d.str(n) }},
	{"why", false, "what a counterexample is instead", text, func(d *decoder, n *node, e *Example) { e.Why = d.str(n) }},
	{"transport", false, "default: the first transport of over, or of the carrier", transport, func(d *decoder, n *node, e *Example) {
		if e.Transport = n.text; !slices.Contains(transports, n.text) {
			e.Transport = d.carrier(n, n.text)
		}
	}},
	{"start", false, "middle: the capture began after the connection", oneOf("middle"), func(d *decoder, n *node, e *Example) {
		d.choice(n, "middle")
		e.Middle = true
	}},
	{"addresses", false, "addresses of client and server", schema{
		"type": "object", "additionalProperties": false, "properties": schema{"client": text, "server": text},
	}, readAddresses},
	{"ppid", false, "payload protocol identifier of the messages over SCTP", integer, func(d *decoder, n *node, e *Example) {
		e.PPID = uint32(d.number(n, 0, 1<<31-1))
	}},
	{"exchange", false, "the messages in order, each {client: BYTES} or {server: BYTES}", exchange, readExchange},
	{"pcap", false, "a capture below testdata/pcaps instead of exchange", text, func(d *decoder, n *node, e *Example) { e.Pcap = d.str(n) }},
	{"protocols", false, "the whole stack, lowest first", list, func(d *decoder, n *node, e *Example) {
		e.Protocols = append([]string{}, d.list(n)...)
	}},
	{"confidence", false, "of the stack", oneOf("certain", "likely", "expected", "declared"), func(d *decoder, n *node, e *Example) {
		e.Confidence = n.text
		d.choice(n, "certain", "likely", "expected", "declared")
	}},
	{"attributes", false, "attributes that must be reported", textMap, readAttributes},
	{"expects", false, "announced flows: tcp/49152=dcerpc", list, func(d *decoder, n *node, e *Example) { e.Expects = d.list(n) }},
}

func readAddresses(d *decoder, n *node, e *Example) {
	for i, k := range n.keys {
		a, err := netip.ParseAddr(n.items[i].text)
		switch {
		case err != nil:
			d.errorf(n.items[i], "an address is wanted")
		case k.text == "client":
			e.Client = a
		case k.text == "server":
			e.Server = a
		default:
			d.errorf(k, "client or server is wanted")
		}
	}
}

func readAttributes(d *decoder, n *node, e *Example) {
	if n.kind != mapping {
		d.errorf(n, "a mapping of attributes is wanted")
		return
	}
	e.Attributes = make(map[string]string, len(n.keys))
	for i, k := range n.keys {
		e.Attributes[k.text] = n.items[i].text
	}
}

func readExchange(d *decoder, n *node, e *Example) {
	if n.kind != sequence {
		d.errorf(n, "a list of messages is wanted")
		return
	}
	for _, item := range n.items {
		if item.kind != mapping || len(item.keys) != 1 || item.keys[0].text != "client" && item.keys[0].text != "server" {
			d.errorf(item, "client: BYTES or server: BYTES is wanted")
			continue
		}
		t := Turn{From: flow.FromClient}
		if item.keys[0].text == "server" {
			t.From = flow.FromServer
		}
		v := item.items[0]
		source := v.text
		if v.kind == mapping && len(v.keys) == 1 && v.keys[0].text == "file" {
			source = d.exampleFile(e.File, v.items[0])
		} else if v.kind != scalar {
			d.errorf(v, "bytes or {file: NAME} are wanted")
			continue
		}
		b, err := ParseBytes(source)
		if err != nil {
			d.errorf(v, "%v", err)
			continue
		}
		if len(b) == 0 {
			d.errorf(v, "the message is empty")
			continue
		}
		t.Data = b
		e.Exchange = append(e.Exchange, t)
	}
}

// exampleFile reads a file of bytes from the folder examples beside the file, or
// at the top.
func (d *decoder) exampleFile(f *File, n *node) string {
	src, err := fs.ReadFile(f.fsys, path.Join(path.Dir(f.Path), "examples", n.text))
	if errors.Is(err, fs.ErrNotExist) {
		src, err = fs.ReadFile(f.fsys, path.Join("examples", n.text))
	}
	if err != nil {
		d.errorf(n, "%v", err)
	}
	return string(src)
}

// Examples reads the file's examples and counterexamples, in this order. The
// error joins all mistakes, each an [*Error].
func (f *File) Examples() ([]*Example, error) {
	f.once.Do(func() {
		_, tail := split(f.source)
		n, yerr := readYAML(f.Path, tail)
		if yerr != nil {
			f.err = yerr
			return
		}
		d := &decoder{file: f.Path}
		good := f.readExamples(d, n, "examples", false)
		f.examples = append(good, f.readExamples(d, n, "counterexamples", true)...)
		f.err = join(d.errs)
	})
	return f.examples, f.err
}

func (f *File) readExamples(d *decoder, n *node, which string, counter bool) (out []*Example) {
	v := n.get(which)
	if v == nil || v.kind != sequence || len(v.items) == 0 {
		if v == nil {
			v = n
		}
		d.errorf(v, "%s: at least one is wanted", which)
		return nil
	}
	for _, item := range v.items {
		e := &Example{
			File: f, Counter: counter, Line: item.line, Transport: f.transport,
			Client: netip.AddrFrom4([4]byte{10, 0, 0, 1}), Server: netip.AddrFrom4([4]byte{10, 0, 0, 2}),
		}
		decode(d, item, exampleKeys, e)
		switch {
		case (e.Exchange == nil) == (e.Pcap == ""):
			d.errorf(item, "exchange or pcap is wanted")
		case e.Transport == "" && e.Pcap == "":
			d.errorf(item, "transport is missing: %s is not carried by one itself", f.Protocol)
		case !counter && e.Protocols == nil:
			d.errorf(item, "protocols is missing")
		case !counter && !slices.Contains(e.Protocols, f.Protocol):
			d.errorf(item, "an example's protocols must have %s", f.Protocol)
		}
		out = append(out, e)
	}
	return out
}
