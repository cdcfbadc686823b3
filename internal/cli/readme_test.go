package cli

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite what README.md shows")

// What README.md shows in its console blocks is what the commands print.
func TestREADME(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	old, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "```console\n", "```\n"
	var text strings.Builder
	blocks := 0
	for rest := string(old); ; blocks++ {
		before, block, found := strings.Cut(rest, begin)
		text.WriteString(before)
		if !found {
			break
		}
		block, rest, _ = strings.Cut(block, end)
		text.WriteString(begin + replay(t, block) + end)
	}
	if blocks == 0 {
		t.Error("no console block")
	}
	if *update {
		if err := os.WriteFile("README.md", []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(old), text.String()); diff != "" {
		t.Errorf("README.md shows something else than the commands print (-README +commands; -update rewrites it):\n%s", diff)
	}
}

// replay runs the commands of a console block and returns the block as it
// should be. Besides sniffid it knows "| head -n N" and "echo $?".
func replay(t *testing.T, block string) string {
	t.Helper()
	var out strings.Builder
	status := 0
	for line := range strings.Lines(block) {
		command, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "$ ")
		if !ok {
			continue // what an earlier run printed
		}
		fmt.Fprintf(&out, "$ %s\n", command)
		if command == "echo $?" {
			fmt.Fprintln(&out, status)
			continue
		}
		command, head, cut := strings.Cut(command, " | head -n ")
		args := strings.Fields(command)
		if args[0] != "./sniffid" {
			t.Fatalf("cannot replay %q", command)
		}
		var stdout, stderr bytes.Buffer
		status = newEnvironment(strings.NewReader(""), &stdout, &stderr).run(args[1:])
		if stderr.Len() > 0 {
			t.Errorf("%s: %s", command, &stderr)
		}
		lines, most := strings.SplitAfter(stdout.String(), "\n"), 0
		if _, err := fmt.Sscan(head, &most); cut && err != nil {
			t.Fatal(err)
		}
		if cut {
			lines = lines[:min(len(lines), most)]
		}
		out.WriteString(strings.Join(lines, ""))
	}
	return out.String()
}
