package http2

import (
	"golang.org/x/net/http2/hpack"
)

const (
	// maxTable bounds the dynamic table that a peer may ask for, in bytes; the
	// browsers announce 64 KiB.
	maxTable = 64 << 10
	// maxString bounds one name or value, in bytes. A block with a longer one
	// ends the decoding of its direction.
	maxString = 8 << 10
	// maxBlock bounds the fragments of one header block, in bytes.
	maxBlock = 32 << 10
	// maxValue bounds a value that is reported, in bytes.
	maxValue = 256
)

// The header fields that are of use, as indices into fields.
const (
	fieldMethod = iota
	fieldAuthority
	fieldPath
	fieldStatus
	fieldUserAgent
	fieldServer
	fieldContentType
	fieldProtocol
	fieldCount
)

// fields are the values of one header block.
type fields [fieldCount]string

// attributeNames are the names under which fields are reported, in their order.
var attributeNames = [fieldCount]string{
	fieldMethod:      "http2.method",
	fieldAuthority:   "http2.authority",
	fieldPath:        "http2.path",
	fieldStatus:      "http2.status",
	fieldUserAgent:   "http2.user_agent",
	fieldServer:      "http2.server",
	fieldContentType: "http2.content_type",
	fieldProtocol:    "http2.protocol",
}

// fieldOf returns the index of a header field; false for one of no use.
func fieldOf(name string) (int, bool) {
	switch name {
	case ":method":
		return fieldMethod, true
	case ":authority":
		return fieldAuthority, true
	case ":path":
		return fieldPath, true
	case ":status":
		return fieldStatus, true
	case ":protocol":
		return fieldProtocol, true
	case "user-agent":
		return fieldUserAgent, true
	case "server":
		return fieldServer, true
	case "content-type":
		return fieldContentType, true
	}
	return 0, false
}

// decoder decompresses the header blocks of one direction, from the first one
// on: without its beginning the dynamic table is not known. The zero value
// decodes nothing.
type decoder struct {
	hpack  *hpack.Decoder
	block  int // bytes of the block so far
	fields fields
}

// start makes the decoder ready for the direction's first block.
func (d *decoder) start() {
	d.hpack = hpack.NewDecoder(4096, d.keep) // RFC 9113 §6.5.2: the initial table size
	d.hpack.SetAllowedMaxDynamicTableSize(maxTable)
	d.hpack.SetMaxStringLength(maxString)
}

// stop gives the direction up: a fragment was lost or broken.
func (d *decoder) stop() { d.hpack = nil }

// write decodes a fragment of a block. done is true when it was the block's last
// one and all of it was understood; fields is valid until the next write.
func (d *decoder) write(fragment []byte, last bool) (_ *fields, done bool) {
	if d.hpack == nil {
		return nil, false
	}
	if d.block == 0 {
		d.fields = fields{}
	}
	d.block += len(fragment)
	if _, err := d.hpack.Write(fragment); err != nil || d.block > maxBlock {
		d.stop()
		return nil, false
	}
	if !last {
		return nil, false
	}
	d.block = 0
	if err := d.hpack.Close(); err != nil {
		d.stop()
		return nil, false
	}
	return &d.fields, true
}

// keep takes the value of a field that is of use, the first of its name.
func (d *decoder) keep(f hpack.HeaderField) {
	if i, ok := fieldOf(f.Name); ok && d.fields[i] == "" {
		d.fields[i] = text(f.Value)
	}
}

// text cuts s to maxValue bytes, with a dot for whatever is not printable ASCII.
func text(s string) string {
	b := []byte(s[:min(len(s), maxValue)])
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '.'
		}
	}
	return string(b)
}
