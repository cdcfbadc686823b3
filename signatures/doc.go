// Package signatures loads signature files and makes protocols of them.
//
// A file describes one protocol in the language of
// docs/signature-language.md: what carries it, how its messages are laid out,
// and the examples that are its tests. [Load] reads a folder of them; [Builtin]
// is the folder that comes with the program. Package lang compiles the layouts,
// package machine runs them; a file may instead name a parser written in Go.
package signatures

import (
	"fmt"
	"io/fs"
)

// Error is a mistake in a signature file.
type Error struct {
	File string
	// Line and Column count from 1; 0 where the whole file is meant.
	Line, Column int
	Msg          string
}

func (e *Error) Error() string {
	switch {
	case e.Line == 0:
		return e.File + ": " + e.Msg
	case e.Column == 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

// Builtin returns the files that come with the program.
func Builtin() fs.FS { return files }
