package procfs

import "bytes"

// Status is what is used of /proc/PID/status (proc_pid_status(5)).
type Status struct {
	Tgid  int    // the process that a thread belongs to
	UID   uint32 // effective
	NSpid []int  // from the outermost process namespace inwards
}

// maxNamespaces is above MAX_PID_NS_LEVEL of include/linux/pid_namespace.h (32).
const maxNamespaces = 64

// ParseStatus reads the text of /proc/PID/status. Lines that are missing, as
// NSpid is before Linux 4.1, leave their fields zero.
func ParseStatus(text []byte) Status {
	var s Status
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		key, rest, found := bytes.Cut(line, []byte(":"))
		if !found {
			continue
		}
		switch string(key) {
		case "Uid": // real, effective, saved, of the file system
			_, rest = nextWord(rest)
			word, _ := nextWord(rest)
			if n, ok := number(word); ok && n <= 1<<32-1 {
				s.UID = uint32(n)
			}
		case "Tgid":
			word, _ := nextWord(rest)
			if n, ok := number(word); ok && n <= maxPID {
				s.Tgid = int(n)
			}
		case "NSpid":
			s.NSpid = pidList(rest)
		}
	}
	return s
}

// pidList reads process numbers up to the first thing that is none.
func pidList(text []byte) []int {
	var pids []int
	for len(pids) < maxNamespaces {
		var word []byte
		word, text = nextWord(text)
		n, ok := number(word)
		if !ok || n > maxPID {
			break
		}
		if pids == nil {
			pids = make([]int, 0, 1)
		}
		pids = append(pids, int(n))
	}
	return pids
}
