// Package lang is the signature language: it reads a message's layout, checks
// it, and says what it proves.
//
// [Compile] turns the layouts of one protocol into checked programs
// ([Layout]): statements with resolved names and typed expressions, the bits
// that they verify ([Layout.Bits]) and the values that a message's first bytes
// can have ([Layout.Rows]). Package machine runs them. The language itself is
// described in docs/signature-language.md.
//
// Everything here is immutable after Compile and may be shared between
// goroutines.
package lang

import (
	"fmt"
	"strings"
)

// Pos is a place in a layout's text; both count from 1, Column in bytes.
type Pos struct{ Line, Column int }

// Error is a mistake in a layout.
type Error struct {
	// Unit is the index of the layout among those given to [Compile].
	Unit int
	Pos
	Msg string
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Msg) }

// Errors are all mistakes of a compilation, in the order of the text.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Type is the type of an expression.
type Type uint8

// The types. Headers is the value of a headers field; only has and header take
// it.
const (
	Int Type = iota
	Bytes
	Bool
	Headers
)

func (t Type) String() string {
	return [...]string{"an integer", "a string", "a truth value", "a field of headers"}[t]
}

// Table maps values to names, for "via". Keys are integers or text.
type Table struct {
	Ints  map[uint64]string
	Texts map[string]string
}

// Int looks an integer up.
func (t *Table) Int(n uint64) (string, bool) {
	s, ok := t.Ints[n]
	return s, ok
}

// Text looks a string up.
func (t *Table) Text(b []byte) (string, bool) {
	s, ok := t.Texts[string(b)]
	return s, ok
}
