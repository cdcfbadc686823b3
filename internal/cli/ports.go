package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/internal/report"
)

// portsOptions are the flags of "sniffid ports", lettered as those of ss.
type portsOptions struct {
	tcp, udp, listening, all bool
	four, six                bool
	numeric, processes       int
	format                   string
}

func newPorts(env *environment) *cobra.Command {
	o := &portsOptions{}
	cmd := &cobra.Command{
		Use:   "ports [flags]",
		Short: "List the sockets of this machine with owners and registered names",
		Long: `List the sockets of this machine with owners and registered names. The letters
are those of ss; all sockets are listed unless -l asks for the listening ones.
The output of --format json is a claim for "sniffid --claims".`,
		Example: `  sniffid ports -tulpn
  sniffid ports --format json > claims.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return listPorts(cmd.Context(), env, o) },
	}
	f := cmd.Flags()
	f.BoolVarP(&o.tcp, "tcp", "t", false, "TCP sockets")
	f.BoolVarP(&o.udp, "udp", "u", false, "UDP sockets")
	f.BoolVarP(&o.listening, "listening", "l", false, "listening sockets only")
	f.BoolVarP(&o.all, "all", "a", false, "all sockets (the default)")
	f.BoolVarP(&o.four, "ipv4", "4", false, "IPv4 only")
	f.BoolVarP(&o.six, "ipv6", "6", false, "IPv6 only")
	f.CountVarP(&o.numeric, "numeric", "n", "numbers only (names are never looked up; for the habit)")
	f.CountVarP(&o.processes, "processes", "p", "owners (always shown; for the habit)")
	f.StringVar(&o.format, "format", "text", "`FORMAT`: text or json")
	return cmd
}

func listPorts(ctx context.Context, env *environment, o *portsOptions) error {
	if o.format != "text" && o.format != "json" {
		return usageError("--format %s: choose text or json", o.format)
	}
	names, err := openRegistry()
	if err != nil {
		env.log.Warn("the services file is not used", "err", err)
	}
	// Which source it is makes no difference to a listing.
	table, _ := owner.Open(owner.Config{NoBPF: true, Everything: true})
	defer table.Close()
	if err := table.Refresh(ctx); err != nil {
		return cannot(fmt.Errorf("read the socket table: %w", err))
	}
	var rows []report.Socket
	for _, s := range table.Snapshot() {
		if o.wants(&s) {
			rows = append(rows, report.Socket{Socket: s, Registered: names.Names(s.Transport, s.Local.Port())})
		}
	}
	if o.format == "json" {
		return report.SocketsJSON(env.stdout, rows)
	}
	return report.SocketsText(env.stdout, rows, wantsColor(env.stdout))
}

func (o *portsOptions) wants(s *owner.Socket) bool {
	switch {
	case (o.tcp || o.udp) && !(o.tcp && s.Transport == "tcp" || o.udp && s.Transport == "udp"):
		return false
	case o.listening && !o.all && !s.Listening():
		return false
	case o.four != o.six && s.Local.Addr().Unmap().Is4() != o.four:
		return false
	}
	return true
}
