package sandbox

import (
	"os/exec"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

// What is said to be in force is: the test's own process enters.
func TestEnterWindows(t *testing.T) {
	s, err := Prepare(Config{Owners: true})
	if err != nil {
		t.Fatal(err)
	}
	report, err := s.Enter()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(report)
	for _, p := range report {
		if !p.InForce && p.Name != PartIntegrity {
			t.Errorf("not in force: %v", p)
		}
	}
	if got := left(t); len(got) > 2 || len(got) == 2 && !strings.Contains(strings.Join(got, " "), debugging) {
		t.Errorf("privileges left: %q", got)
	}

	// Once more, for a run that looks up nothing.
	if s, err = Prepare(Config{}); err != nil {
		t.Fatal(err)
	}
	if report, err = s.Enter(); err != nil {
		t.Fatal(err)
	}
	t.Log(report)
	if got := left(t); len(got) > 1 {
		t.Errorf("privileges left: %q", got)
	}
	if exec.Command("cmd", "/c", "exit").Run() == nil {
		t.Log("this system does not keep a job from starting processes")
	}
}

func TestUserWindows(t *testing.T) {
	if _, err := Prepare(Config{User: "nobody"}); err == nil {
		t.Error("there are no accounts to change to, and nothing is said")
	}
}

// left are the names of the privileges that this process has.
func left(t *testing.T) (names []string) {
	t.Helper()
	var token windows.Token
	if err := windows.OpenProcessToken(windows.CurrentProcess(), windows.TOKEN_QUERY, &token); err != nil {
		t.Fatal(err)
	}
	defer token.Close()
	held, err := privileges(token)
	if err != nil {
		t.Fatal(err)
	}
	lookup := windows.NewLazySystemDLL("advapi32.dll").NewProc("LookupPrivilegeNameW")
	for i := range held {
		name := make([]uint16, 64)
		n := uint32(len(name))
		_, _, _ = lookup.Call(0, uintptr(unsafe.Pointer(&held[i].Luid)), uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(&n)))
		names = append(names, windows.UTF16ToString(name))
	}
	return names
}
