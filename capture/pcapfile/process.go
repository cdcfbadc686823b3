package pcapfile

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/sniffid/sniffid/capture"
)

// Bounds on what is remembered between packets. A comment or process is stored
// once and handed out again, so that captures that repeat them in each packet
// are read without allocating.
const (
	maxComments     = 64      // of one packet
	maxCommentBytes = 4 << 20 // remembered; beyond that all are forgotten
	maxProcessCache = 1 << 16
)

// annotator reads the options of packet blocks.
type annotator struct {
	known      map[string]note
	knownBytes int
	comments   []string // of the current packet
	processes  processCache
}

// note is one comment and the process that it names, if any.
type note struct {
	text    string
	process *capture.Process
}

// annotate sets p's direction, comments and process. The process is, in this
// order of preference, that of Apple's process index, that of the effective
// process index, that of a comment of ptcpdump or rustnet, and the bare number
// of epb_processid_threadid.
func (a *annotator) annotate(p *capture.Packet, options optionList, order byteOrder, section []*capture.Process) {
	a.comments = a.comments[:0]
	var darwin, effective, commented *capture.Process
	var id uint32
	for {
		code, v, ok := options.next(order)
		if !ok {
			break
		}
		switch {
		case code == optComment:
			if len(a.comments) == maxComments {
				continue
			}
			n := a.note(v)
			a.comments = append(a.comments, n.text)
			if commented == nil {
				commented = n.process
			}
		case code == epbFlags && len(v) == 4:
			p.Direction = flagsDirection(order.uint32(v))
		case code == epbProcess && len(v) == 8:
			id = order.uint32(v)
		case code == epbDarwinProcess && len(v) == 4:
			darwin = indexed(section, order.uint32(v))
		case code == epbDarwinEffectiveProcess && len(v) == 4:
			effective = indexed(section, order.uint32(v))
		}
	}
	if len(a.comments) > 0 {
		p.Comments = a.comments
	}
	switch {
	case darwin != nil:
		p.Process = darwin
	case effective != nil:
		p.Process = effective
	case commented != nil:
		p.Process = commented
	case id != 0:
		p.Process = a.processes.get(processKey{pid: id})
	}
}

// note looks up or stores a comment.
func (a *annotator) note(v []byte) note {
	if n, ok := a.known[string(v)]; ok {
		return n
	}
	if a.known == nil || a.knownBytes+len(v) > maxCommentBytes {
		a.known, a.knownBytes = make(map[string]note), 0
	}
	s := string(v)
	n := note{text: s, process: commentProcess(s)}
	a.known[s] = n
	a.knownBytes += len(s) + 64 // about what the map itself takes
	return n
}

// indexed returns the process with that number, or nil.
func indexed(section []*capture.Process, i uint32) *capture.Process {
	if uint64(i) >= uint64(len(section)) || *section[i] == (capture.Process{}) {
		return nil
	}
	return section[i]
}

// flagsDirection reads the lowest two bits of epb_flags (§4.3.1).
func flagsDirection(flags uint32) capture.Direction {
	switch flags & 3 {
	case 1:
		return capture.DirectionIn
	case 2:
		return capture.DirectionOut
	}
	return capture.DirectionUnknown
}

// commentProcess reads the process from a comment as ptcpdump (lines of
// "Key: value", beginning with PID) or rustnet ("rustnet" and then key=value)
// write it. It returns nil for any other text. No name has a NUL, with which other
// programs end texts.
func commentProcess(s string) *capture.Process {
	s, _, _ = strings.Cut(s, "\x00")
	var p capture.Process
	if rest, ok := strings.CutPrefix(s, "rustnet "); ok {
		p = rustnetProcess(rest)
	} else if strings.HasPrefix(s, "PID: ") {
		p = ptcpdumpProcess(s)
	}
	if p.PID == 0 && p.Name == "" {
		return nil
	}
	return &p
}

func ptcpdumpProcess(s string) (p capture.Process) {
	for line := range strings.Lines(s) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ": ")
		switch key {
		case "PID":
			p.PID = decimalPID(value)
		case "Cmd":
			p.Path = strings.TrimSuffix(value, " (deleted)")
			p.Name = p.Path[strings.LastIndexAny(p.Path, `/\`)+1:]
		}
	}
	return p
}

// rustnetProcess reads space-separated pairs. A word without "=" continues the
// value before it: process names may hold spaces.
func rustnetProcess(s string) (p capture.Process) {
	var key string
	for word := range strings.SplitSeq(s, " ") {
		if k, v, ok := strings.Cut(word, "="); ok {
			key, word = k, v
		} else if key == "process" {
			p.Name += " " + word
			continue
		}
		switch key {
		case "process":
			p.Name = word
		case "pid":
			p.PID = decimalPID(word)
		}
	}
	p.Name = strings.Trim(p.Name, `"`)
	return p
}

// decimalPID parses a process number; what is none gives 0.
func decimalPID(s string) int {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0
	}
	return int(n)
}

// pid converts a process number that a file gives; what is none gives 0.
func pid(v uint32) int {
	if v > math.MaxInt32 {
		return 0
	}
	return int(v)
}

// text is a string option's value; some writers end it with a NUL.
func text(v []byte) string {
	if i := bytes.IndexByte(v, 0); i >= 0 {
		v = v[:i]
	}
	return string(v)
}

// processKey identifies a process within packet headers.
type processKey struct {
	pid  uint32
	name [20]byte // NUL-padded
}

// processCache stores each process once. The zero value is ready for use.
type processCache struct {
	known map[processKey]*capture.Process
}

// get returns the process for k, or nil if k names none.
func (c *processCache) get(k processKey) *capture.Process {
	if p, ok := c.known[k]; ok {
		return p
	}
	if c.known == nil || len(c.known) == maxProcessCache {
		c.known = make(map[processKey]*capture.Process)
	}
	p := &capture.Process{PID: pid(k.pid), Name: text(k.name[:])}
	if *p == (capture.Process{}) {
		p = nil
	}
	c.known[k] = p
	return p
}
