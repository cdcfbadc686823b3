package live

import "github.com/sniffid/sniffid/capture"

// batchRoom is how many bytes a batch takes, about.
const batchRoom = 256 << 10

// batch holds packets one behind the other.
type batch struct {
	data      []byte
	packets   []queued
	truncated uint64 // of the packets
	// iface and linkType are those of the packets that are added.
	iface    int
	linkType capture.LinkType
}

// queued is one packet of a batch.
type queued struct {
	start, end int // within data
	length     int // bytes on the wire
	timestamp  int64
	iface      int
	linkType   capture.LinkType
}

// add adds a packet, whose bytes it copies. Length is how many it had on the wire, and
// timestamp nanoseconds since the Unix epoch.
func (b *batch) add(data []byte, length int, timestamp int64) {
	b.data = append(b.data, data...)
	b.packet(len(data), length, timestamp)
}

// packet says that the last bytes of the data are another packet.
func (b *batch) packet(captured, length int, timestamp int64) {
	end := len(b.data)
	b.packets = append(b.packets, queued{end - captured, end, max(length, captured), timestamp, b.iface, b.linkType})
	if length > captured {
		b.truncated++
	}
}

// join takes over the packets of another batch if there is room for them.
func (b *batch) join(other *batch) bool {
	if len(b.data)+len(other.data) > max(cap(b.data), batchRoom) {
		return false
	}
	at := len(b.data)
	b.data = append(b.data, other.data...)
	for _, p := range other.packets {
		p.start += at
		p.end += at
		b.packets = append(b.packets, p)
	}
	return true
}

// cut removes the packets from the i-th on.
func (b *batch) cut(i int) {
	for _, p := range b.packets[i:] {
		if p.length > p.end-p.start {
			b.truncated--
		}
	}
	b.data, b.packets = b.data[:b.packets[i].start], b.packets[:i]
}

// reset empties the batch.
func (b *batch) reset() {
	b.data, b.packets, b.truncated = b.data[:0], b.packets[:0], 0
}
