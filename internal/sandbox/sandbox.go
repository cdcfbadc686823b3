// Package sandbox takes from this process what parsing packets does not need, for good:
// capabilities, the account of root, files, the network, and all but a short list of
// system calls. What is open stays open.
//
// On Linux every part holds for all threads of the process, those of C libraries
// included. A part that the kernel lacks is reported, and the others are put in force
// all the same. On Windows a job, an access token without privileges and a low integrity
// level take their place. Other Unix systems change the account only.
package sandbox

import (
	"fmt"
	"runtime"
	"strings"
)

// DefaultUser is the account that root becomes where no other is asked for.
const DefaultUser = "nobody"

// ClosesFiles says whether, inside, no further file can be opened and no name looked up:
// all that is needed is to be open before.
const ClosesFiles = runtime.GOOS == "linux"

// AllowsOwners says whether owners of sockets can be looked up inside, with
// [Config.Owners]; elsewhere it takes a process outside.
const AllowsOwners = runtime.GOOS == "windows"

// Config says how to leave privileges behind. Its zero value is usable.
type Config struct {
	// User is the account to become; "" means DefaultUser where the process is root's,
	// and no change where it is not. If User is set, not to become it is an error.
	User string
	// Owners keeps what it takes to look up owners of sockets, where [AllowsOwners].
	Owners bool
	// CreatesFiles keeps what it takes to create files, unless [ClosesFiles].
	CreatesFiles bool
}

// The parts of a sandbox, in the order of a [Report].
const (
	PartUser         = "user"
	PartCapabilities = "capabilities"
	PartNoNewPrivs   = "no new privileges"
	PartFiles        = "files and network"
	PartSystemCalls  = "system calls"

	PartJob        = "job" // this one and the others are Windows'
	PartPrivileges = "privileges"
	PartIntegrity  = "integrity"
)

// Part is one part of the sandbox.
type Part struct {
	Name    string
	InForce bool
	// Detail says in a few words what is in force, or why nothing is.
	Detail string
}

func (p Part) String() string {
	if p.InForce {
		return fmt.Sprintf("%s: %s", p.Name, p.Detail)
	}
	return fmt.Sprintf("%s: not in force: %s", p.Name, p.Detail)
}

// Report says part by part what [Sandbox.Enter] put in force.
type Report []Part

// String has a line for each part.
func (r Report) String() string {
	lines := make([]string, len(r))
	for i, p := range r {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Complete reports whether every part is in force.
func (r Report) Complete() bool {
	for _, p := range r {
		if !p.InForce {
			return false
		}
	}
	return true
}

// Sandbox is ready to be entered. It is used once, by one goroutine.
type Sandbox struct {
	account account
	config  Config
}

// Prepare looks up what [Sandbox.Enter] can't look up any more. The error says that
// the user asked for is not known, or can't be become.
func Prepare(c Config) (*Sandbox, error) {
	a, err := findAccount(c.User)
	if err != nil {
		return nil, err
	}
	return &Sandbox{account: a, config: c}, nil
}

// Enter puts the parts in force; there is no way back. An error says that the process
// could not become the user asked for; nothing else is in force then. A part that
// fails otherwise is told in the report.
func (s *Sandbox) Enter() (Report, error) { return s.enter() }
