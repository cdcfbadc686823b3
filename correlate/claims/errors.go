package claims

import "errors"

// Why a row could not be read.
var (
	errShort   = errors.New("the row ends too early")
	errState   = errors.New("not a known state")
	errPID     = errors.New("not a process id")
	errColumns = errors.New("the row does not fit the columns")
	errRecord  = errors.New("not a record of sniffid")
)

// maxList bounds the modules, services and processes of one row.
const maxList = 256
