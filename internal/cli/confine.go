package cli

import (
	"github.com/spf13/pflag"

	"github.com/sniffid/sniffid/internal/sandbox"
)

// confineOptions are the flags of every command that parses packets.
type confineOptions struct {
	user string
	off  bool
}

func (o *confineOptions) flags(f *pflag.FlagSet) {
	f.StringVarP(&o.user, "relinquish-privileges", "Z", "", "become `USER` before the first packet is parsed; \""+sandbox.DefaultUser+"\" where it is root")
	f.BoolVar(&o.off, "no-sandbox", false, "parse packets with all privileges, for debugging")
}

func (o *confineOptions) check() error {
	if o.off && o.user != "" {
		return usageError("-Z and --no-sandbox exclude each other")
	}
	return nil
}

// confinement is the sandbox of one run; nil where there is none.
type confinement struct {
	env *environment
	box *sandbox.Sandbox
}

// prepare readies the sandbox that the flags ask for. Programs can't be started any
// more.
func (env *environment) prepare(o *confineOptions, c sandbox.Config) (*confinement, error) {
	if o.off || env.confine == nil {
		return nil, nil
	}
	c.User = o.user
	box, err := env.confine(c)
	if err != nil {
		return nil, cannot(err)
	}
	return &confinement{env, box}, nil
}

// enter gives up what parsing packets does not need. All that the run needs is open by
// then.
func (c *confinement) enter() error {
	if c == nil {
		return nil
	}
	report, err := c.box.Enter()
	if err != nil {
		return cannot(err)
	}
	for _, p := range report {
		if p.InForce {
			c.env.log.Debug("sandbox", "part", p.Name, "has", p.Detail)
		} else {
			c.env.log.Info("sandbox: not in force", "part", p.Name, "why", p.Detail)
		}
	}
	return nil
}
