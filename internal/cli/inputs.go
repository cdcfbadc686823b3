package cli

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
)

// input is one capture to be read: a file of its own, or one in a folder.
type input struct {
	name     string
	inFolder bool
	file     *os.File // open, or nil: it is opened when it is read
	err      error    // why it could not be opened
}

// inputs are the captures that one argument of the command line stands for.
type inputs struct {
	path  string
	files []input
	err   error // why there is none
}

// findInputs lists the captures that paths stand for. With open they are opened, but
// nothing is read: inside the sandbox there is no opening any more. What can't be
// opened is said when its turn comes.
func findInputs(paths []string, open bool) []inputs {
	found := make([]inputs, 0, len(paths))
	for _, path := range paths {
		in := inputs{path: path}
		var names []string
		names, in.err = pcapfile.Expand([]string{path})
		for _, name := range names {
			i := input{name: name, inFolder: name != path}
			if open {
				i.open()
			}
			in.files = append(in.files, i)
		}
		found = append(found, in)
	}
	return found
}

// without leaves out a file, which is being written.
func (in *inputs) without(name string) {
	kept := in.files[:0]
	for _, i := range in.files {
		if sameFile(i.name, name) {
			i.close()
			continue
		}
		kept = append(kept, i)
	}
	in.files = kept
}

func (i *input) open() {
	if i.name == pcapfile.Stdin {
		i.file = os.Stdin
		return
	}
	i.file, i.err = os.Open(i.name)
	if errors.Is(i.err, syscall.EMFILE) {
		i.err = fmt.Errorf("%w (all are opened before the first one is read; with --no-sandbox one at a time)", i.err)
	}
}

func (i *input) close() {
	if i.file != nil {
		i.file.Close()
	}
}

// source begins to read. The file is the source's from then on.
func (i *input) source() (capture.Source, error) {
	if i.file == nil && i.err == nil {
		i.open()
	}
	if i.err != nil {
		return nil, i.err
	}
	return pcapfile.FromFile(i.file, i.name)
}

// files are the captures that paths stand for, opened if there is a sandbox to enter.
// The first that can't be had is an error.
func (c *confinement) files(paths []string) ([]input, error) {
	var files []input
	for _, in := range findInputs(paths, c != nil) {
		if in.err != nil {
			return nil, cannot(in.err)
		}
		for _, i := range in.files {
			if i.err != nil {
				return nil, cannot(i.err)
			}
			files = append(files, i)
		}
	}
	return files, nil
}
