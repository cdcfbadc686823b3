package report

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// clean makes hostile text harmless for a terminal: what is not printable, and
// what is no UTF-8, is written as \xNN or \uNNNN.
func clean(s string) string {
	if !needsCleaning(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case !unicode.IsPrint(r):
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// Clean makes a message harmless for a terminal that may have text from outside in it.
// Its lines stay.
func Clean(message string) string {
	lines := strings.Split(message, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

func needsCleaning(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return true
		}
	}
	return false
}

// endText is an end's address, with its port where there are ports.
func endText(f *pipeline.Flow, e *pipeline.End) string {
	if f.HasPorts() {
		return e.AddrPort().String()
	}
	return cmp.Or(e.Address(), "-")
}

// carrierText names what a flow rides on: its transport, or the number that says
// what the layer below carries.
func carrierText(f *pipeline.Flow) string {
	switch f.Transport {
	case "ip", "ethernet", "ppp":
		return cmp.Or(f.Carrier.String(), f.Transport)
	}
	return f.Transport
}

func pointText(k correlate.PortKey) string {
	if !k.Addr.IsValid() || k.Addr.IsUnspecified() {
		return "*:" + strconv.Itoa(int(k.Port))
	}
	return netip.AddrPortFrom(k.Addr, k.Port).String()
}

// ownerText names the process behind an end; it is empty where none is known
// and where the reason is plain (a file names no processes).
func ownerText(o *owner.Owner) string {
	if !o.Known() {
		if o.Reason == owner.NotLocal || o.Reason == owner.Offline {
			return ""
		}
		if o.Reason == owner.LookupsEnded {
			return reasonText(o)
		}
		return string(o.Reason)
	}
	parts := make([]string, 0, 4)
	if o.PID != 0 {
		parts = append(parts, "PID "+strconv.Itoa(o.PID))
	}
	parts = append(parts, clean(cmp.Or(o.Name, o.Exe)))
	if o.Unit != "" {
		parts = append(parts, clean(o.Unit))
	}
	if len(o.Services) > 0 {
		parts = append(parts, "("+clean(strings.Join(o.Services, ", "))+")")
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

func labelled(label, text string) string {
	if text == "" {
		return ""
	}
	return label + " " + text
}

// clock is a time of day for reading, in UTC like all times of a report.
func clock(ns int64) string { return time.Unix(0, ns).UTC().Format("15:04:05.000000") }
