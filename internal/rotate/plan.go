// Package rotate writes packets into one file after another, as tcpdump's -C, -G and -W
// do: a [Plan] says when the next file begins and what it is called. Where the process
// that writes may open no file any more, another one opens them.
package rotate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-strftime"
)

// Plan says when an output goes on in another file, and how its files are called. The
// letters are those of tcpdump(1). The zero value has one file without a name.
type Plan struct {
	Path string
	// Size is after how many bytes a file is full (-C), Every after how long (-G); 0:
	// never.
	Size  int64
	Every time.Duration
	// Count is how many files there are (-W): of Size a ring, which begins again with
	// the first; of Every an end. 0: any number.
	Count int
}

// Rotates reports whether there is more than one file.
func (p *Plan) Rotates() bool { return p.Size > 0 || p.Every > 0 }

// Check finds what is wrong with a plan.
func (p *Plan) Check() error {
	switch {
	case p.Rotates() && p.Path == "":
		return errors.New("-C and -G go with -w FILE")
	case p.Rotates() && p.Path == "-":
		return errors.New("-C and -G need files: standard output is none")
	case p.Count < 0:
		return fmt.Errorf("-W %d: must be positive", p.Count)
	case p.Count > 0 && !p.Rotates():
		return errors.New("-W counts the files of -C or -G")
	case p.Count > 0 && p.Size > 0 && p.Every > 0:
		return errors.New("-W goes with -C or with -G, not with both")
	case p.Every > 0 && !strings.Contains(p.Path, "%"):
		return fmt.Errorf("-G needs a time in the name, as in -w %s-%%Y%%m%%dT%%H%%M%%S: each file would be written over the one before", p.Path)
	}
	return nil
}

// Ready finds out whether the folder of the files is there. Opening one says more, but
// with a time in its name there is none to open before a packet comes.
func (p *Plan) Ready() error {
	folder := p.folder()
	if info, err := os.Stat(folder); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s is no folder", folder)
	}
	return nil
}

// Name is what a file is called that begins at a time and is the n-th, from 0, of those
// with that time.
func (p *Plan) Name(n uint64, at time.Time) string {
	name := p.Path
	if p.Every > 0 {
		name = strftime.Format(name, at)
	}
	switch {
	case p.Size > 0 && p.Count > 0:
		width := len(strconv.Itoa(p.Count - 1))
		return fmt.Sprintf("%s%0*d", name, width, n%uint64(p.Count))
	case p.Size > 0 && n > 0:
		return name + strconv.FormatUint(n, 10)
	}
	return name
}

// Over reports whether there may be no file after so many.
func (p *Plan) Over(files int) bool { return p.Every > 0 && p.Count > 0 && files >= p.Count }

// Late reports whether the file that began at begin is to end when a packet of a time
// comes. A clock that was set back counts as much as one that goes on.
func (p *Plan) Late(begin, now time.Time) bool {
	return p.Every > 0 && now.Sub(begin).Abs() >= p.Every
}

// Full reports whether nothing more goes into a file that has size bytes.
func (p *Plan) Full(size int64) bool { return p.Size > 0 && size >= p.Size }

// ParseSize reads the argument of -C: millions of bytes, or with k, m, or g behind it
// units of 1024, 1024² and 1024³ bytes, as tcpdump(1) has it.
func ParseSize(text string) (int64, error) {
	digits, unit := text, int64(1_000_000)
	if text != "" {
		switch text[len(text)-1] {
		case 'k', 'K':
			unit = 1 << 10
		case 'm', 'M':
			unit = 1 << 20
		case 'g', 'G':
			unit = 1 << 30
		}
		if unit != 1_000_000 {
			digits = text[:len(text)-1]
		}
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("-C %s: a number of millions of bytes, or of KiB, MiB or GiB with k, m or g behind it", text)
	}
	return n * unit, nil
}

// folder is that of all files, as far as it does not depend on the time.
func (p *Plan) folder() string {
	folder := filepath.Dir(p.Path)
	for strings.Contains(folder, "%") && p.Every > 0 {
		folder = filepath.Dir(folder)
	}
	return folder
}
