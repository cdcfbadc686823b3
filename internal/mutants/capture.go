package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
)

// A mutant is made of part of a capture, so that its size stands in proportion to the
// time that it may take.
const (
	maxPackets = 2000
	maxBytes   = 1 << 20
)

// original is a capture that mutants are made from.
type original struct {
	name    string
	bytes   []byte // the beginning of the file as it is
	packets []capture.Packet
}

// load reads the captures below the folders; what is none is passed over.
func load(folders []string) ([]original, error) {
	var all []original
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if o, ok := parse(path, b); ok {
				all = append(all, o)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no captures there")
	}
	return all, nil
}

// parse reads what a mutant can be made of.
func parse(name string, b []byte) (original, bool) {
	src, err := pcapfile.NewReader(bytes.NewReader(b), name)
	if err != nil {
		return original{}, false
	}
	defer src.Close()
	o := original{name: name, bytes: bytes.Clone(b[:min(len(b), maxBytes)])}
	size := 0
	for len(o.packets) < maxPackets && size < maxBytes {
		var p capture.Packet
		if src.Next(&p) != nil {
			break
		}
		p.Data = bytes.Clone(p.Data)
		size += len(p.Data)
		o.packets = append(o.packets, p)
	}
	return o, len(o.packets) > 0
}
