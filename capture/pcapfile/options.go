package pcapfile

// Option codes of pcapng that the reader or the writer uses
// (draft-ietf-opsawg-pcapng §3.5, §4).
const (
	optEnd     = 0
	optComment = 1

	shbUserAppl = 4

	ifName        = 2
	ifDescription = 3
	ifTSResol     = 9
	ifTSOffset    = 14

	epbFlags   = 2 // also pack_flags
	epbProcess = 8 // epb_processid_threadid: two 32-bit numbers, 0 = unknown

	isbIfDrop = 5
	isbOSDrop = 7

	// Apple's additions, for local use (libpcap of macOS, pcap-ng.h). The index
	// counts the process blocks of the section from 0; the effective process is
	// the one on whose behalf the first one acted.
	epbDarwinProcess          = 0x8001
	epbDarwinEffectiveProcess = 0x8003

	darwinName = 2
	darwinPath = 3
)

// optionList is what is left of a block's options.
type optionList []byte

// next takes one option off the list. It ends at opt_endofopt, at the end of
// the block and at an option that overruns it.
func (l *optionList) next(order byteOrder) (code uint16, value []byte, ok bool) {
	b := *l
	if len(b) < 4 {
		return 0, nil, false
	}
	code = order.uint16(b)
	n := int(order.uint16(b[2:]))
	b = b[4:]
	if code == optEnd || n > len(b) {
		*l = nil
		return 0, nil, false
	}
	*l = b[min(pad4(n), len(b)):]
	return code, b[:n], true
}

// pad4 rounds n up to a multiple of 4.
func pad4(n int) int { return (n + 3) &^ 3 }
