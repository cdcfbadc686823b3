package cli

import (
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sniffid/sniffid/capture/live"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sniffid": func() { os.Exit(Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
		// sniffid-at TABLE ARGS: by a user who is not root, on another machine.
		"sniffid-at": func() {
			os.Exit(runAt(os.Args[1], "run as root", os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// TestScripts runs the scripts of testdata/script: one behaviour a file. They
// find the captures in $PCAPS, the listings in $CLAIMS and socket tables in
// $SOCKETS, and say
// "status N command" where another exit status than 0 is expected.
func TestScripts(t *testing.T) {
	testdata, err := filepath.Abs(filepath.Join("..", "..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("PCAPS", filepath.Join(testdata, "pcaps"))
			env.Setenv("CLAIMS", filepath.Join(testdata, "claims"))
			env.Setenv("SOCKETS", filepath.Join(testdata, "sockets"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status, "unnamed": unnamed, "gzip": compress},
		Condition: func(name string) (bool, error) {
			if name != "libpcap" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			_, err := live.Interfaces()
			return !errors.Is(err, live.ErrNoLibrary), nil
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// status runs a command that has to exit with the given status.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// compress writes a file compressed.
func compress(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: gzip FROM TO")
	}
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	defer f.Close()
	w := gzip.NewWriter(f)
	_, err = w.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(w.Close())
}
