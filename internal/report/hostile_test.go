package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/internal/pipeline"
)

// attacks are texts that try to be more than text, wherever they come to stand.
var attacks = map[string]string{
	"moves the cursor":      "\x1b[2J\x1b[1;1Howned",
	"sets the title":        "\x1b]0;owned\x07",
	"C1 in UTF-8":           "\u009b2J\u009d0;owned\u009c",
	"C1 in bytes":           "\x9b2J",
	"goes back":             "nothing\b\b\b\b\b\b\bsome\rSTART",
	"a line of its own":     "x\nconfirmed  tcp 192.0.2.1:22  ssh\n",
	"other ends of lines":   "x\u2028confirmed\u2029confirmed\u0085confirmed\v\f",
	"turns the direction":   "\u202egnp.exe\u2066\u200f\u061c",
	"tags":                  "\U000e0041\ufeff\u200b",
	"ends a script":         "</script><script>alert(1)</script><!--",
	"ends an attribute":     `" onload="alert(1)" x='`,
	"ends a JSON string":    `","verdict":"confirmed","x":"\`,
	"a formula":             "=cmd|' /C calc'!A0",
	"another formula":       "@SUM(1+1)*cmd|' /C calc'!A0",
	"a formula behind tabs": "\t=1+1",
	"ends a cell":           `x","confirmed`,
	"no UTF-8":              "\xff\xfe\xc0\xaf\xed\xa0\x80",
	"nothing":               "\x00\x7f",
	"very long":             strings.Repeat("A", 1<<16),
}

// fill sets every text in a value to attack, in lists of one element too.
func fill(v reflect.Value, attack string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() { // others are words of our own
			v.SetString(attack)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), attack)
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), attack)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), attack)
			}
		}
	}
}

// attacked is the report of flows and ports all of whose texts are the attack, but for
// the words that the pipeline itself writes.
func attacked(t *testing.T, format, attack string) string {
	t.Helper()
	var b bytes.Buffer
	r, err := New(format, &b, Options{Verbosity: 1})
	check(t, err)
	for _, f := range []*pipeline.Flow{hostile(), echo(), frames()} {
		ours := *f
		fill(reflect.ValueOf(f), attack)
		f.Transport, f.Network, f.State, f.Carrier = ours.Transport, ours.Network, ours.State, ours.Carrier
		check(t, r.Flow(f))
		check(t, r.Update(f))
	}
	for _, p := range []*pipeline.Port{phantom(), confirmed()} {
		transport := p.Port.Key.Transport
		fill(reflect.ValueOf(p), attack)
		p.Port.Key.Transport = transport
		check(t, r.Change(p))
		check(t, r.Port(p))
	}
	s := summary()
	s.File = attack
	check(t, r.Summary(s))
	check(t, r.Close())
	return b.String()
}

// attackedSockets is what is said of a socket, and of one that has changed.
func attackedSockets(t *testing.T, format, attack string) string {
	t.Helper()
	var b bytes.Buffer
	o := hostile().Client.Owner
	o.Services, o.Modules, o.Candidates = []string{"x"}, []string{"x"}, []owner.Process{{PID: 1, Name: "x"}}
	o.Parent = &owner.Process{PID: 2, Name: "x"}
	s := Socket{
		Socket:     owner.Socket{Transport: "tcp", State: "LISTEN", Owner: o},
		Registered: []string{"x"}, Spoken: []Spoken{{Protocols: []string{"x"}}},
	}
	fill(reflect.ValueOf(&s), attack)
	s.Transport, s.State = "tcp", "LISTEN"
	check(t, Sockets(format, &b, []Socket{s, s}, SocketOptions{}))
	w, err := Changes(format, &b, SocketOptions{})
	check(t, err)
	check(t, w(&Change{Change: owner.Change{Event: owner.Changed, Socket: s.Socket, Previous: o}, Registered: s.Registered}))
	return b.String()
}

func explained(t *testing.T, _, attack string) string {
	t.Helper()
	var b bytes.Buffer
	f := hostile()
	f.Answer.Evidence[0].Fields = []dissect.Field{{Name: "x", Value: "x"}}
	ours := *f
	fill(reflect.ValueOf(f), attack)
	f.Transport = ours.Transport
	check(t, Explain(&b, 1, f, false))
	return b.String()
}

// No text from outside does more in a report than be there.
func TestAttacks(t *testing.T) {
	for _, format := range Formats() {
		attackAll(t, format, format, attacked)
	}
	for _, format := range SocketFormats() {
		attackAll(t, "sockets-"+format, format, attackedSockets)
	}
	attackAll(t, "explain", "text", explained)
}

func attackAll(t *testing.T, what, format string, attacked func(t *testing.T, format, attack string) string) {
	t.Helper()
	lines := strings.Count(attacked(t, format, "harmless"), "\n")
	for name, attack := range attacks {
		t.Run(what+"/"+name, func(t *testing.T) {
			out := attacked(t, format, attack)
			for _, r := range out {
				if r != '\n' && !unicode.IsPrint(r) {
					t.Fatalf("%U is written", r)
				}
			}
			if got := strings.Count(out, "\n"); got != lines {
				t.Errorf("%d lines, %d with a harmless text", got, lines)
			}
			if what == format {
				wellFormed(t, format, out)
			}
		})
	}
}

// wellFormed reads a report as its reader does.
func wellFormed(t *testing.T, format, out string) {
	t.Helper()
	switch format {
	case "text":
		for line := range strings.Lines(out) {
			if strings.HasPrefix(line, "confirmed  tcp 192.0.2.1:22") {
				t.Errorf("a forged verdict: %s", line)
			}
		}
	case "json":
		for line := range strings.Lines(out) {
			var v struct{ Type, Verdict string }
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Fatal(err)
			}
			if v.Type == "flow" && v.Verdict != "" {
				t.Errorf("a flow with a verdict: %s", line)
			}
		}
	case "csv":
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					t.Errorf("a formula: %q", cell)
				}
			}
		}
	case "html":
		// The page has its own script and no other element that begins within a text.
		if harmless := attacked(t, "html", "harmless"); strings.Count(out, "<") != strings.Count(harmless, "<") {
			t.Errorf("%d elements, %d with a harmless text", strings.Count(out, "<"), strings.Count(harmless, "<"))
		}
	}
}

// JSON is the same for a program, whatever was escaped for the terminal.
func TestPrintableJSON(t *testing.T) {
	for name, attack := range attacks {
		var b bytes.Buffer
		check(t, json.NewEncoder(printable{&b}).Encode(attack))
		var got, want string
		check(t, json.Unmarshal(b.Bytes(), &got))
		plain, err := json.Marshal(attack)
		check(t, err)
		check(t, json.Unmarshal(plain, &want))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
