//go:build cgo && !windows

package live

/*
#cgo LDFLAGS: -lpcap
#include <stdlib.h>
#include <pcap.h>
*/
import "C"

import (
	"errors"
	"unsafe"

	"github.com/sniffid/sniffid/capture"
)

// compile calls libpcap directly: gopacket's binding knows only link types
// below 256, and Linux' "any" device writes type 276.
func compile(expression string, linkType capture.LinkType, snapLength int) ([]instruction, error) {
	dead := C.pcap_open_dead(C.int(dataLinkType(linkType)), C.int(snapLength))
	if dead == nil {
		return nil, errors.New("compile filter: libpcap has no memory")
	}
	defer C.pcap_close(dead)
	text := C.CString(expression)
	defer C.free(unsafe.Pointer(text))
	var program C.struct_bpf_program
	if C.pcap_compile(dead, &program, text, 1, C.PCAP_NETMASK_UNKNOWN) != 0 {
		return nil, filterError(expression, C.GoString(C.pcap_geterr(dead)))
	}
	defer C.pcap_freecode(&program)
	instructions := make([]instruction, 0, program.bf_len)
	for _, in := range unsafe.Slice(program.bf_insns, program.bf_len) {
		instructions = append(instructions, instruction{uint16(in.code), uint8(in.jt), uint8(in.jf), uint32(in.k)})
	}
	return instructions, nil
}

// dataLinkType translates a file's link type into this system's number for it:
// they differ for raw IP only (https://www.tcpdump.org/linktypes.html).
func dataLinkType(t capture.LinkType) int {
	switch t {
	case capture.LinkRaw, capture.LinkRawDLT, capture.LinkRawBSD:
		return C.DLT_RAW
	}
	return int(t)
}
