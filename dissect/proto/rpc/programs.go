package rpc

import (
	_ "embed"
	"fmt"
	"strconv"
	"sync"

	"github.com/sniffid/sniffid/dissect/wire"
)

// programsTSV has a line for each program: number, name, source.
//
//go:embed programs.tsv
var programsTSV string

// programs maps program numbers to the names of their layers, read when it is first
// asked for. It is not written to.
var programs = sync.OnceValue(func() map[uint32]string { return mustParsePrograms(programsTSV) })

// The programs that the package itself has to know.
const (
	programPortmap = 100000 // RFC 1833 §2.1, §3.1
	programLock    = 100021 // calls back on the conversation it was called on
)

// Program numbers from transient on are chosen at run time, and those from
// reserved on are not assigned (RFC 5531 §13.3).
const (
	transient = 0x40000000
	reserved  = 0x60000000
)

// callsBack reports whether a server may call the program at its client on the
// same conversation: the lock manager's messages (XNFS chapter 10), and the
// callback programs that clients choose (RFC 8881 §2.10.3.1).
func callsBack(program uint32) bool { return program >= transient || program == programLock }

func mustParsePrograms(tsv string) map[uint32]string {
	m, err := parsePrograms(tsv)
	if err != nil {
		panic(err)
	}
	return m
}

// parsePrograms reads the table; '#' starts a comment line.
func parsePrograms(tsv string) (map[uint32]string, error) {
	m := make(map[uint32]string)
	err := wire.Rows("programs.tsv", tsv, 3, func(row []string) error {
		number, err := strconv.ParseUint(row[0], 10, 32)
		if err != nil {
			return err
		}
		if _, dup := m[uint32(number)]; dup {
			return fmt.Errorf("%d is there twice", number)
		}
		m[uint32(number)] = row[1]
		return nil
	})
	return m, err
}
