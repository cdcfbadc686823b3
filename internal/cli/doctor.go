package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sniffid/sniffid/capture/live"
	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/internal/sandbox"
)

// finding is one line of the doctor's report.
type finding struct {
	what string
	ok   bool
	says string
	mark string // instead of "missing"
	// remedy is the command that grants what is missing.
	remedy string
}

func newDoctor(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine allows, and the command that grants what is missing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, examine := range []func(context.Context) finding{
				examineSignatures, examineInterfaces, examineCapture, examineOwners, examineWitnesses, examineRegistry,
				env.examineSandbox, // the last one: there is no way out
			} {
				if err := env.show(examine(cmd.Context())); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// show prints a finding.
func (env *environment) show(f finding) error {
	mark := "ok"
	if !f.ok {
		mark = cmp.Or(f.mark, "missing")
	}
	if _, err := fmt.Fprintf(env.stdout, "%-8s %-12s %s\n", mark, f.what, f.says); err != nil {
		return err
	}
	if f.remedy != "" {
		fmt.Fprintf(env.stdout, "%22s%s\n", "", f.remedy)
	}
	return nil
}

// examineSandbox enters the sandbox that packets are parsed in, and says what is in
// force.
func (env *environment) examineSandbox(context.Context) finding {
	f := finding{what: "sandbox", mark: "partly"}
	if env.confine == nil {
		f.says = "not entered"
		return f
	}
	box, err := env.confine(sandbox.Config{})
	if err != nil {
		f.says = err.Error()
		return f
	}
	report, err := box.Enter()
	if err != nil {
		f.says = err.Error()
		return f
	}
	f.ok = report.Complete()
	f.says = strings.ReplaceAll(report.String(), "\n", fmt.Sprintf("\n%22s", ""))
	return f
}

func examineSignatures(context.Context) finding {
	f := finding{what: "signatures"}
	begin := time.Now()
	set, err := loadSignatures(nil)
	if err != nil {
		f.says = err.Error()
		return f
	}
	f.ok = true
	f.says = fmt.Sprintf("%d protocols, read in %v", len(set.Files()), time.Since(begin).Round(time.Millisecond))
	return f
}

func examineInterfaces(context.Context) finding {
	f := finding{what: "interfaces"}
	devices, err := live.Interfaces()
	switch {
	case errors.Is(err, live.ErrNoLibrary):
		f.says, f.remedy = err.Error(), "reading files works all the same; for live captures see the README, \"Building\""
	case err != nil:
		f.says = err.Error()
	default:
		f.ok = len(devices) > 0
		f.says = fmt.Sprintf("%d can be captured on (sniffid -D)", len(devices))
	}
	return f
}

// examineCapture opens the default interface for a moment. Listening sends
// nothing.
func examineCapture(context.Context) finding {
	f := finding{what: "capture"}
	name, err := live.DefaultInterface()
	if err != nil {
		f.says, f.remedy = err.Error(), "sniffid -i NAME …"
		return f
	}
	src, err := live.Open(live.Config{Interfaces: []string{name}, NoPromiscuous: true})
	switch {
	case err == nil:
		src.Close()
		f.ok, f.says = true, name+", the interface of the default route, can be opened"
	case errors.Is(err, fs.ErrPermission):
		f.says, f.remedy = name+": no permission", grantCapture()
	default:
		f.says = err.Error()
	}
	return f
}

func examineOwners(ctx context.Context) finding {
	f := finding{what: "owners"}
	table, weaker := owner.Open(owner.Config{})
	if weaker != nil {
		weaker = fmt.Errorf("%w; sockets that live shortly may be missed", weaker)
	}
	defer table.Close()
	begin := time.Now()
	if err := table.Refresh(ctx); err != nil {
		f.says = err.Error()
		return f
	}
	hidden, total := 0, 0
	for _, s := range table.Snapshot() {
		total++
		if s.Owner.Reason == owner.NoPermission {
			hidden++
		}
	}
	f.ok = hidden == 0
	f.says = fmt.Sprintf("%d sockets, read in %v by %s", total, time.Since(begin).Round(time.Millisecond), table.Method())
	if weaker != nil {
		f.says += " (" + weaker.Error() + ")"
	}
	if hidden > 0 {
		f.says += fmt.Sprintf("; the owners of %d are hidden from this user", hidden)
		f.remedy = grantOwners()
	}
	return f
}

// maxDisagreements bounds how many contradictions are shown.
const maxDisagreements = 10

// examineWitnesses compares the ways to read the socket table: what hides a port, or
// its process, seldom hides it from all.
func examineWitnesses(ctx context.Context) finding {
	f := finding{what: "witnesses", mark: "differ"}
	heard, disagreements, err := owner.Examine(ctx)
	if err != nil {
		f.says = err.Error()
		return f
	}
	var methods []string
	for _, w := range heard {
		methods = append(methods, w.Method)
	}
	f.ok = len(disagreements) == 0
	f.says = strings.Join(methods, "; ")
	switch {
	case len(heard) < 2:
		f.says += ": there is nothing to compare it with"
	case f.ok:
		f.says += ": they agree about all listeners"
	default:
		f.says += fmt.Sprintf(": they disagree about %d listeners", len(disagreements))
	}
	for _, d := range disagreements[:min(len(disagreements), maxDisagreements)] {
		f.says += fmt.Sprintf("\n%22s%s %s: %s", "", d.Transport, d.Local, d.Text)
	}
	return f
}

func examineRegistry(context.Context) finding {
	if _, err := openRegistry(); err != nil {
		return finding{what: "registry", says: err.Error() + "; IANA's names are used"}
	}
	return finding{what: "registry", ok: true, says: "the services file, then IANA's names"}
}
