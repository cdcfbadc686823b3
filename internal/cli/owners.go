package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/internal/ownerhelper"
)

// ownerCommand has this program look up owners for another one, which has started it.
const ownerCommand = "owner-helper"

func newOwnerHelper(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:    ownerCommand,
		Short:  "Look up owners for the sniffid that started this one",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return ownerhelper.ServeParent(func() (owner.Machine, error) { return owner.Open(env.ownerConfig()) })
		},
	}
}

// openOwners opens the socket table of this machine for a capture, and tells whether
// sockets are followed as they come and go. A process in the sandbox can't look into
// others: it asks one that stays outside.
func (r *run) openOwners() (m owner.Machine, followed bool, err error) {
	if r.o.confine.off || r.env.confine == nil {
		m, followed = r.openOwnersHere()
		return m, followed, nil
	}
	p, err := ownerhelper.Start([]string{"sniffid", ownerCommand}, r.env.stderr, func(why error) {
		r.env.log.Warn("owner look-ups have ended, and the capture goes on without them", "why", why)
	})
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		m, followed = r.openOwnersHere()
		return m, followed, nil
	case err != nil:
		return nil, false, cannot(err)
	}
	// The signatures are read while the other process gets ready.
	if err := r.loadEngine(); err != nil {
		p.Close()
		return nil, false, err
	}
	return p, r.follows(p.Greet()), nil
}

func (r *run) openOwnersHere() (m owner.Machine, followed bool) {
	m, err := owner.Open(r.env.ownerConfig())
	return m, r.follows(err)
}

// follows tells why sockets are not followed, if they are not.
func (r *run) follows(err error) bool {
	if err != nil {
		r.env.log.Info("owners of short-lived sockets may be missed", "why", err)
	}
	return err == nil
}

// ownerConfig has it said when the system tells of more sockets than can be taken in, at
// first and whenever it has become twice as many.
func (env *environment) ownerConfig() owner.Config {
	told := uint64(0)
	return owner.Config{OnLost: func(total uint64) {
		if total >= 2*told {
			told = total
			env.log.Warn("too many sockets come and go: owners of short-lived ones may be missing", "events lost", total)
		}
	}}
}
