// Command testsummary reads what "go test -json" writes and prints it for a
// person: a line per package, all that failing tests wrote, and at the end how
// many tests ran. Its status is 1 if a test or a build failed.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	failed, err := summarize(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintf(os.Stderr, "testsummary: %v\n", err)
	}
	if err != nil || failed {
		os.Exit(1)
	}
}

// event is a line of test2json; see "go doc test2json", and "go help buildjson"
// for the output of the compiler.
type event struct {
	Action, Package, Test, Output string
}

// summarize reports whether something failed; nothing at all is a failure too.
func summarize(r io.Reader, w io.Writer) (failed bool, err error) {
	in := bufio.NewReader(r)
	written := make(map[[2]string]*strings.Builder) // by package and test
	counts := make(map[string]int)
	packages := 0
	for {
		line, err := in.ReadBytes('\n')
		if len(line) == 0 {
			if err == io.EOF {
				break
			}
			return true, err
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			w.Write(line) // not an event: a message of the go command
			continue
		}
		key := [2]string{e.Package, e.Test}
		switch e.Action {
		case "output":
			if strings.HasPrefix(e.Output, "=== ") {
				continue // says that a test runs, pauses, goes on
			}
			if e.Test == "" && packageLine(e.Output) {
				io.WriteString(w, e.Output)
				continue
			}
			if written[key] == nil {
				written[key] = new(strings.Builder)
			}
			written[key].WriteString(e.Output)
		case "build-output":
			io.WriteString(w, e.Output)
		case "pass", "fail", "skip":
			if e.Test != "" {
				counts[e.Action]++
			} else {
				packages++
			}
			if out := written[key]; e.Action == "fail" && out != nil {
				io.WriteString(w, out.String())
			}
			delete(written, key)
			failed = failed || e.Action == "fail"
		case "build-fail":
			failed = true
		}
	}
	_, err = fmt.Fprintf(w, "%d tests ran in %d packages: %d passed, %d failed, %d skipped\n",
		counts["pass"]+counts["fail"]+counts["skip"], packages, counts["pass"], counts["fail"], counts["skip"])
	return failed || packages == 0, err
}

// packageLine reports whether s is what go test says of a whole package.
func packageLine(s string) bool {
	for _, prefix := range [...]string{"ok  ", "FAIL\t", "?   ", "---"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}
