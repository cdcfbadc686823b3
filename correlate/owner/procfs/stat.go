package procfs

import (
	"bytes"
	"errors"
	"fmt"
)

// Stat is what is used of /proc/PID/stat (proc_pid_stat(5)).
type Stat struct {
	PID, PPID int
	Comm      []byte // aliases the text that was parsed
	State     byte   // 'R', 'S', 'Z', …
	Kernel    bool   // a thread of the kernel
	Threads   int
	Start     uint64 // clock ticks since the system started
}

// errStat is the cause of every error of ParseStat.
var errStat = errors.New("not a stat line")

// kernelThread is PF_KTHREAD of include/linux/sched.h.
const kernelThread = 0x00200000

// The fields that are read, by the numbers of proc_pid_stat(5).
const (
	fieldState   = 3
	fieldPPID    = 4
	fieldFlags   = 9
	fieldThreads = 20
	fieldStart   = 22
)

// ParseStat reads the text of /proc/PID/stat. The program's name may hold spaces,
// parentheses and line ends: it is what lies between the first opening and the
// last closing parenthesis, for all that follows is numbers.
func ParseStat(text []byte) (Stat, error) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 1 || end < open {
		return Stat{}, errStat
	}
	pid, ok := number(bytes.TrimRight(text[:open], " "))
	if !ok || pid > maxPID {
		return Stat{}, fmt.Errorf("process number: %w", errStat)
	}
	s := Stat{PID: int(pid), Comm: text[open+1 : end]}
	rest := text[end+1:]
	for field := fieldState; field <= fieldStart; field++ {
		var word []byte
		word, rest = nextWord(rest)
		if len(word) == 0 {
			return Stat{}, fmt.Errorf("%d fields: %w", field-1, errStat)
		}
		if field == fieldState {
			if s.State = word[0]; len(word) != 1 || s.State|0x20 < 'a' || s.State|0x20 > 'z' {
				return Stat{}, fmt.Errorf("state: %w", errStat)
			}
			continue
		}
		if field != fieldPPID && field != fieldFlags && field != fieldThreads && field != fieldStart {
			continue
		}
		n, ok := number(word)
		if !ok || field == fieldPPID && n > maxPID || field == fieldThreads && n > maxPID {
			return Stat{}, fmt.Errorf("field %d: %w", field, errStat)
		}
		switch field {
		case fieldPPID:
			s.PPID = int(n)
		case fieldFlags:
			s.Kernel = n&kernelThread != 0
		case fieldThreads:
			s.Threads = int(n)
		case fieldStart:
			s.Start = n
		}
	}
	return s, nil
}

// maxPID is above PID_MAX_LIMIT of include/linux/threads.h (4 Mi), and fits an
// int everywhere.
const maxPID = 1<<31 - 1

// nextWord cuts the first word from a text.
func nextWord(text []byte) (word, rest []byte) {
	start := 0
	for start < len(text) && isSpace(text[start]) {
		start++
	}
	end := start
	for end < len(text) && !isSpace(text[end]) {
		end++
	}
	return text[start:end], text[end:]
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

// number reads decimal digits and nothing else.
func number(digits []byte) (uint64, bool) {
	if len(digits) == 0 || len(digits) > 20 {
		return 0, false
	}
	var n uint64
	for _, c := range digits {
		d := uint64(c - '0')
		if c < '0' || c > '9' || n > (1<<64-1-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}
