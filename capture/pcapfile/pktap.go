package pcapfile

import (
	"encoding/binary"

	"github.com/sniffid/sniffid/capture"
)

// Offsets in bytes of Apple's PKTAP header, little-endian
// (https://www.tcpdump.org/linktypes/LINKTYPE_PKTAP.html).
const (
	pktapFlags            = 36
	pktapPID              = 52
	pktapCommand          = 56 // 20 bytes
	pktapEffectivePID     = 84
	pktapEffectiveCommand = 88 // 20 bytes
	pktapHeaderLen        = 108
)

// annotatePKTAP sets the direction and process that the frame's own header
// names, where the file's records have not done so.
func annotatePKTAP(p *capture.Packet, cache *processCache) {
	h := p.Data
	if len(h) < pktapHeaderLen || binary.LittleEndian.Uint32(h) < pktapHeaderLen {
		return
	}
	if p.Direction == capture.DirectionUnknown {
		p.Direction = flagsDirection(binary.LittleEndian.Uint32(h[pktapFlags:]))
	}
	if p.Process == nil {
		p.Process = cache.get(pktapProcess(h, pktapPID, pktapCommand))
	}
	if p.Process == nil {
		p.Process = cache.get(pktapProcess(h, pktapEffectivePID, pktapEffectiveCommand))
	}
}

// pktapProcess reads a signed process number (-1 and 0: none) and a name.
func pktapProcess(h []byte, pidAt, nameAt int) (k processKey) {
	k.pid = binary.LittleEndian.Uint32(h[pidAt:])
	copy(k.name[:], h[nameAt:])
	return k
}
