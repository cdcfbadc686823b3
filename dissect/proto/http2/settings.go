package http2

import "encoding/binary"

const (
	settingLen  = 6  // bytes of one setting, RFC 9113 §6.5.1
	maxSettings = 64 // in one frame; there are nine registered ones
)

// The settings that matter here (RFC 9113 §6.5.2).
const (
	settingPush        = 0x02
	settingWindow      = 0x04
	settingFrameSize   = 0x05
	settingConnect     = 0x08 // RFC 8441 §3
	settingNoPriority  = 0x09 // RFC 9218 §2.1
	lastSetting        = 0x09
	maxWindow          = 1<<31 - 1
	reservedMask       = 0x0f0f
	reservedIdentifier = 0x0a0a // draft-bishop-httpbis-grease: 0x?a?a
)

// settings are the values of one SETTINGS frame that are of use; 0: not given.
type settings struct {
	frameSize int
	known     int // identifiers that are registered
}

// parseSettings reads a frame's payload. It fails on values that are errors;
// identifiers that are not known are passed over, but not in the majority.
func parseSettings(b []byte) (s settings, ok bool) {
	unknown := 0
	for ; len(b) >= settingLen; b = b[settingLen:] {
		id, value := binary.BigEndian.Uint16(b), binary.BigEndian.Uint32(b[2:])
		switch {
		case id == 0 || id > lastSetting:
			if id&reservedMask != reservedIdentifier {
				unknown++
			}
			continue
		case (id == settingPush || id == settingConnect || id == settingNoPriority) && value > 1,
			id == settingWindow && value > maxWindow,
			id == settingFrameSize && (value < defaultFrame || value > noLimit):
			return settings{}, false
		case id == settingFrameSize:
			s.frameSize = int(value)
		}
		s.known++
	}
	return s, unknown <= s.known
}
