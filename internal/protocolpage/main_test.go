package main

import (
	"bytes"
	"os"
	"testing"
)

// The page is that of the signatures as they are.
func TestPageIsCurrent(t *testing.T) {
	want, err := write()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/protocols.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error(`docs/protocols.md is not that of the signatures: run "make docs"`)
	}
}
