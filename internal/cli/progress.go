package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
	"github.com/sniffid/sniffid/internal/report"
)

// progress tells a person how far a long file has been read.
type progress struct {
	capture.Source
	name    string
	w       io.Writer         // a terminal
	width   func() int        // its columns
	measure pcapfile.Measured // nil: how long the file is is not known
	now     func() time.Time

	count       uint64
	began, last time.Time
	shown       bool
}

// How long a file is read without a word, and how often something changes after that.
const (
	patience  = 2 * time.Second
	showEvery = 200 * time.Millisecond
)

func newProgress(src capture.Source, name string, w io.Writer, measure pcapfile.Measured) *progress {
	return &progress{Source: src, name: report.Clean(name), w: w, width: func() int { return columns(w) }, measure: measure, now: time.Now, began: time.Now()}
}

// Next implements [capture.Source].
func (p *progress) Next(pkt *capture.Packet) error {
	const every = 1 << 14 // packets between looks at the clock
	if p.count++; p.count%every == 0 {
		p.show(p.now())
	}
	return p.Source.Next(pkt)
}

func (p *progress) show(now time.Time) {
	if now.Sub(p.began) < patience || now.Sub(p.last) < showEvery {
		return
	}
	p.last, p.shown = now, true
	line := p.line(now.Sub(p.began))
	if room := p.width() - 1; len(line) > room {
		line = line[:max(0, room)]
	}
	fmt.Fprintf(p.w, "\r%s\x1b[K", line)
}

// barWidth is how many characters stand for the whole file.
const barWidth = 20

// line is what there is to say after some time. It is ASCII, but for the file's name.
func (p *progress) line(took time.Duration) string {
	rate := float64(p.count) / took.Seconds()
	text := fmt.Sprintf("%d packets, %.0f a second", p.count, rate)
	if p.measure != nil {
		if read, size := p.measure.Progress(); read > 0 && size > 0 {
			part := min(1, float64(read)/float64(size))
			left := time.Duration(float64(took) * (1/part - 1))
			done := int(part * barWidth)
			bar := strings.Repeat("#", done) + strings.Repeat(".", barWidth-done)
			return fmt.Sprintf("[%s] %3.0f %%  %s, %v left  %s", bar, 100*part, text, left.Round(time.Second), p.name)
		}
	}
	return text + "  " + p.name
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
