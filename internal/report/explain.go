package report

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// maxDump is how many proving bytes of a layer are dumped.
const maxDump = 256

// SortFlows orders flows by their first packet.
func SortFlows(flows []*pipeline.Flow) {
	slices.SortStableFunc(flows, func(a, b *pipeline.Flow) int { return cmp.Compare(a.First, b.First) })
}

// Explain writes why a flow, the n-th of its capture, has the label that it
// has: for each layer the packet, the signature, the fields by name and the
// bytes. The engine must have recorded them ([dissect.Config].Record).
func Explain(w io.Writer, n int, f *pipeline.Flow, color bool) error {
	out, paint := bufio.NewWriter(w), painter(color)
	fmt.Fprintf(out, "flow %d  %s %s -> %s  %s", n, carrierText(f),
		endText(f, &f.Client), endText(f, &f.Server), paint.stack(f.Answer.Protocols))
	if c := f.Answer.Confidence; c != dissect.ConfidenceNone {
		fmt.Fprintf(out, "  %s", c)
	}
	fmt.Fprintln(out)
	if len(f.Answer.Evidence) == 0 {
		fmt.Fprintf(out, "  nothing proves a protocol: %s\n", payloadText(f))
	}
	for i := range f.Answer.Evidence {
		explainEvidence(out, paint, &f.Answer.Evidence[i])
	}
	fmt.Fprintln(out)
	return out.Flush()
}

func payloadText(f *pipeline.Flow) string {
	if f.Client.Payload+f.Server.Payload == 0 {
		return "no payload was seen"
	}
	return fmt.Sprintf("%d bytes of the client and %d of the server match no signature", f.Client.Payload, f.Server.Payload)
}

func explainEvidence(out *bufio.Writer, paint painter, e *dissect.Evidence) {
	fmt.Fprintf(out, "  %s  %s  %s\n", paint.style(bold, clean(e.Protocol)), e.Confidence, clean(e.Signature))
	if e.Packet == 0 {
		fmt.Fprintf(out, "    %s\n", clean(e.Reason))
		return
	}
	fmt.Fprintf(out, "    packet %d, from the %s, %d bytes at offset %d of the payload: %s\n",
		e.Packet, e.Direction, e.Length, e.Offset, clean(e.Reason))
	for _, field := range e.Fields {
		fmt.Fprintf(out, "    %5d  %-4d %s\n", e.Offset+field.Offset, field.Length, fieldText(&field, e.Bytes))
	}
	dump(out, e.Bytes, e.Offset)
}

func fieldText(f *dissect.Field, b []byte) string {
	if f.Value != "" {
		return clean(f.Name) + " = " + clean(f.Value)
	}
	const most = 16
	value := b[f.Offset : f.Offset+f.Length]
	text := hex.EncodeToString(value[:min(len(value), most)])
	if len(value) > most {
		text += "…"
	}
	return clean(f.Name) + " = " + text
}

// dump writes bytes in the form of hexdump -C, offsets counted from base.
func dump(out *bufio.Writer, b []byte, base int) {
	const width = 16
	for i := 0; i < min(len(b), maxDump); i += width {
		row := b[i:min(i+width, len(b))]
		var text strings.Builder
		for _, c := range row {
			if c < 0x20 || c > 0x7e {
				c = '.'
			}
			text.WriteByte(c)
		}
		fmt.Fprintf(out, "    %08x  %-47s  |%s|\n", base+i, spaced(row), text.String())
	}
	if len(b) > maxDump {
		fmt.Fprintf(out, "    … %d more bytes\n", len(b)-maxDump)
	}
}

func spaced(b []byte) string {
	parts := make([]string, len(b))
	for i, c := range b {
		parts[i] = hex.EncodeToString([]byte{c})
	}
	return strings.Join(parts, " ")
}
