package claims

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of one listing. What exceeds them is reported as a [Problem].
const (
	maxBytes    = 64 << 20
	maxLine     = 1 << 20 // bytes; sniffid's own records can be long
	maxRows     = 1 << 20
	maxProblems = 1000
	maxText     = 200 // bytes of a line that are kept with a problem
)

// ErrUnrecognized says that an input is none of the known listings.
var ErrUnrecognized = errors.New("no listing of netstat, ss, lsof or tasklist recognized")

// Parse reads a listing whose format and encoding it finds out by itself; name
// stands for it in claims and problems. Several listings may follow one another
// in one input. Windows netstat and tasklist are understood in English and
// Japanese, as UTF-8, UTF-16 or CP932.
//
// A line that is no row is a problem of the listing and no error. The error is
// that of r, or ErrUnrecognized when nothing in the input looks like a listing;
// the listing is never nil and has the problems in either case.
func Parse(r io.Reader, name string) (*Listing, error) {
	p := &parser{listing: &Listing{Name: name}}
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if len(data) > maxBytes {
		data = data[:maxBytes]
		p.problem(0, "", "the listing is longer than 64 MiB; the rest is left out")
	}
	p.run(decode(data))
	if err != nil {
		return p.listing, fmt.Errorf("read %s: %w", name, err)
	}
	if p.listing.Format == Unknown {
		return p.listing, fmt.Errorf("%s: %w", name, ErrUnrecognized)
	}
	return p.listing, nil
}

// line is one line of the input, without its end.
type line struct {
	number int
	text   string
	fields []string
}

// dialect reads the lines of one kind of listing, in order.
type dialect interface {
	format() Format
	// read takes the line if it belongs to this kind of listing; a line that is
	// taken but cannot be read is reported as a problem by read itself. current
	// says that the line before was this dialect's as well.
	read(p *parser, l line, current bool) (taken bool)
}

type parser struct {
	listing *Listing
	current dialect
}

// run reads all lines. Each is offered to the dialect of the line before it,
// then to the others.
func (p *parser) run(text string) {
	dialects := []dialect{&records{}, &windowsNetstat{}, &netTools{}, &socketStatistics{}, &openFiles{}, &taskList{}}
	number := 0
	for text != "" {
		var raw string
		raw, text, _ = strings.Cut(text, "\n")
		number++
		if len(raw) > maxLine {
			p.problem(number, raw, "the line is too long")
			continue
		}
		raw = strings.TrimRight(raw, "\r\x1a")
		raw = strings.ReplaceAll(raw, "\u00a0", " ") // as web pages keep columns
		l := line{number, raw, strings.Fields(raw)}
		if len(p.listing.Claims)+len(p.listing.Processes) >= maxRows {
			p.problem(number, raw, "too many rows; the rest is left out")
			return
		}
		p.line(l, dialects)
	}
}

func (p *parser) line(l line, dialects []dialect) {
	if p.current != nil && p.current.read(p, l, true) {
		return
	}
	if len(l.fields) == 0 {
		return
	}
	for _, d := range dialects {
		if d != p.current && d.read(p, l, false) {
			p.current = d
			if p.listing.Format == Unknown {
				p.listing.Format = d.format()
			}
			return
		}
	}
	if isTitle(l) || p.listing.Format == Unknown && !strings.ContainsAny(l.text, "0123456789") {
		return
	}
	p.problem(l.number, l.text, "not a row of a known listing")
}

func (p *parser) claim(c Claim) {
	c.File = p.listing.Name
	p.listing.Claims = append(p.listing.Claims, c)
}

func (p *parser) last() *Claim {
	if n := len(p.listing.Claims); n > 0 {
		return &p.listing.Claims[n-1]
	}
	return nil
}

func (p *parser) problem(number int, text, reason string) {
	if len(p.listing.Problems) == maxProblems {
		text, reason = "", "too many problems; the rest is not listed"
	} else if len(p.listing.Problems) > maxProblems {
		return
	}
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	p.listing.Problems = append(p.listing.Problems, Problem{p.listing.Name, number, strings.TrimSpace(text), reason})
}

// titles begin the lines that netstat prints around its tables.
var titles = []string{
	"Active Connections", "アクティブな接続", "Active Internet connections",
	"(Not all processes could be identified", "will not be shown, you would have to be root",
	"(No info could be read for", "The operation completed successfully",
}

func isTitle(l line) bool {
	text := strings.TrimSpace(l.text)
	for _, title := range titles {
		if strings.HasPrefix(text, title) {
			return true
		}
	}
	return isPrompt(text)
}

// isPrompt: the command line that made the listing, copied with it:
// "C:\>netstat -ano", "PS C:\Users>", "$ ss -tulpn".
func isPrompt(text string) bool {
	text = strings.TrimPrefix(text, "PS ")
	if len(text) > 3 && text[1:3] == `:\` && strings.Contains(text, ">") {
		return true
	}
	return strings.HasPrefix(text, "$ ") || strings.HasPrefix(text, "# ")
}
