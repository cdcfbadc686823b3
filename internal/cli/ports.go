package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sniffid/sniffid/correlate/owner"
	"github.com/sniffid/sniffid/correlate/registry"
	"github.com/sniffid/sniffid/internal/pipeline"
	"github.com/sniffid/sniffid/internal/report"
)

// portsOptions are the flags of "sniffid ports", lettered as those of ss, and as
// those of Windows netstat where ss has no such letter in common use.
type portsOptions struct {
	tcp, udp, listening, all    bool
	four, six                   bool
	numeric, processes, pids    int
	extended, binaries, verbose bool
	commandLines                bool
	ports                       []string
	format                      string
	spoken                      string
	watch                       bool
	interval, duration          time.Duration

	portSet pipeline.PortSet
}

const portsLong = `List the sockets of this machine with the names registered for the port, the
process that owns it, the service or unit that the process runs, and its
container. The letters are those of ss (-anob and -v of Windows netstat do what
they do there); all sockets are listed unless -l asks for the listening ones.

A row without an owner says why. The output of --format json is a claim for
"sniffid --claims"; the records of a capture say what the ports spoke (--spoken).

With --watch it says which listeners appear and go, and which service, unit or
container started or stopped at that moment: stop services one by one, and see
whose port it was.`

const portsExample = `  sniffid ports -tulpn
  sniffid ports -l -e --port 80,443,udp/443       who is that, and who started it?
  sniffid ports -anob                             as netstat has it on Windows
  sniffid ports --format json > claims.json       what this machine claims
  sniffid ports -tul --spoken capture.json        and what was spoken there
  sniffid ports --watch --port 49152-65535        whose port goes when I stop that service?`

func newPorts(env *environment) *cobra.Command {
	o := &portsOptions{}
	cmd := &cobra.Command{
		Use:     "ports [flags]",
		Short:   "List the sockets of this machine with owners and registered names",
		Long:    portsLong,
		Example: portsExample,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if o.watch {
				return watchPorts(cmd.Context(), env, o)
			}
			return listPorts(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&o.tcp, "tcp", "t", false, "TCP sockets")
	f.BoolVarP(&o.udp, "udp", "u", false, "UDP sockets")
	f.BoolVarP(&o.listening, "listening", "l", false, "listening sockets only")
	f.BoolVarP(&o.all, "all", "a", false, "all sockets (the default)")
	f.BoolVarP(&o.four, "ipv4", "4", false, "IPv4 only")
	f.BoolVarP(&o.six, "ipv6", "6", false, "IPv6 only")
	f.StringArrayVar(&o.ports, "port", nil, "only sockets with a port in `LIST`, on either side: 2888 80,443 6000-6010 udp/53")
	f.BoolVarP(&o.extended, "extended", "e", false, "below each row: user, executable, who started it, pod, modules")
	f.BoolVarP(&o.binaries, "binaries", "b", false, "as -e, for the habit of netstat")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "as -e, for the habit of netstat")
	f.BoolVar(&o.commandLines, "command-lines", false, "as -e, with the processes' command lines, which may hold secrets")
	f.CountVarP(&o.numeric, "numeric", "n", "numbers only (names are never looked up; for the habit)")
	f.CountVarP(&o.processes, "processes", "p", "owners (always shown; for the habit)")
	f.CountVarP(&o.pids, "pids", "o", "process ids (always shown; for the habit of netstat)")
	f.StringVar(&o.spoken, "spoken", "", "add what the ports spoke, from `FILE`: the records of \"sniffid --format json\"")
	f.BoolVar(&o.watch, "watch", false, "say which listeners appear and go, until Ctrl-C")
	f.DurationVar(&o.interval, "interval", defaultInterval, "with --watch: look every `D`")
	f.DurationVar(&o.duration, "duration", 0, "with --watch: stop after `D`, as in 30s or 5m")
	f.StringVar(&o.format, "format", "text", "`FORMAT`: "+strings.Join(report.SocketFormats(), ", "))
	return cmd
}

// check finds what is wrong with the flags together.
func (o *portsOptions) check() error {
	if !slices.Contains(report.SocketFormats(), o.format) {
		return usageError("--format %s: choose one of %s", o.format, strings.Join(report.SocketFormats(), ", "))
	}
	switch {
	case !o.watch && o.duration != 0:
		return usageError("--duration is for --watch")
	case o.watch && o.spoken != "":
		return usageError("--spoken and --watch exclude each other: what was spoken says nothing of what is to come")
	case o.duration < 0:
		return usageError("--duration %s: must be positive", o.duration)
	case o.interval < minInterval:
		return usageError("--interval %s: must be %s or more", o.interval, minInterval)
	}
	o.extended = o.extended || o.binaries || o.verbose || o.commandLines
	var err error
	o.portSet, err = parsePorts(o.ports)
	return err
}

func listPorts(ctx context.Context, env *environment, o *portsOptions) error {
	spoken, err := o.readSpoken(env)
	if err != nil {
		return err
	}
	names := env.registry()
	table := env.owners(owner.Config{CommandLines: o.commandLines, NoEvents: true, Everything: true})
	defer table.Close()
	if err := table.Refresh(ctx); err != nil {
		return cannot(fmt.Errorf("read the socket table: %w", err))
	}
	rows := o.rows(table.Snapshot(), names)
	if spoken != nil {
		for i := range rows {
			spoken.Tell(&rows[i], table.Local)
		}
	}
	err = report.Sockets(o.format, env.stdout, rows, report.SocketOptions{
		Color: wantsColor(env.stdout), Extended: o.extended, Elevate: env.elevate,
	})
	if err != nil {
		return err
	}
	env.sayHidden(rows)
	if len(rows) == 0 {
		fmt.Fprintln(env.stderr, "no socket fits")
	}
	return nil
}

// registry opens the names of ports. Without the services file there are still
// those that are built in.
func (env *environment) registry() *registry.Registry {
	names, err := openRegistry()
	if err != nil {
		env.log.Warn("the services file is not used", "err", err)
	}
	return names
}

// readSpoken reads the records that --spoken names.
func (o *portsOptions) readSpoken(env *environment) (*report.SpokenRecords, error) {
	if o.spoken == "" {
		return nil, nil
	}
	in := env.stdin
	if o.spoken != "-" {
		f, err := os.Open(o.spoken)
		if err != nil {
			return nil, cannot(fmt.Errorf("--spoken: %w", err))
		}
		defer f.Close()
		in = f
	}
	spoken, err := report.ReadSpoken(in)
	switch {
	case err != nil && spoken == nil:
		return nil, cannot(fmt.Errorf("--spoken %s: %w", o.spoken, err))
	case err != nil:
		env.log.Warn("not all of --spoken can be read; what comes before is used", "file", o.spoken, "err", err)
	}
	return spoken, nil
}

// rows are the sockets that are asked for, in order.
func (o *portsOptions) rows(sockets []owner.Socket, names *registry.Registry) []report.Socket {
	var rows []report.Socket
	for i := range sockets {
		if s := &sockets[i]; o.wants(s) {
			rows = append(rows, report.Socket{Socket: *s, Registered: names.Names(s.Transport, s.Local.Port())})
		}
	}
	slices.SortStableFunc(rows, func(a, b report.Socket) int {
		return cmp.Or(cmp.Compare(a.Transport, b.Transport), a.Local.Compare(b.Local), cmp.Compare(a.NetNS, b.NetNS), a.Remote.Compare(b.Remote))
	})
	return rows
}

func (o *portsOptions) wants(s *owner.Socket) bool {
	switch {
	case (o.tcp || o.udp) && !(o.tcp && s.Transport == "tcp" || o.udp && s.Transport == "udp"):
		return false
	case o.listening && !o.all && !s.Listening():
		return false
	case o.four != o.six && s.Local.Addr().Unmap().Is4() != o.four:
		return false
	case !o.portSet.Empty() && !o.portSet.Has(s.Transport, s.Local.Port()) &&
		(s.Remote.Port() == 0 || !o.portSet.Has(s.Transport, s.Remote.Port())):
		return false
	}
	return true
}

// sayHidden says once how many owners this user may not see, and what to do.
func (env *environment) sayHidden(rows []report.Socket) {
	hidden := 0
	for i := range rows {
		if rows[i].Owner.Reason == owner.NoPermission {
			hidden++
		}
	}
	if hidden == 0 {
		return
	}
	remedy := `they are of another process namespace, or a capability is missing`
	if env.elevate != "" {
		remedy = env.elevate
	}
	fmt.Fprintf(env.stderr, "the owners of %d of %d sockets are hidden from this user: %s (see \"sniffid doctor\")\n", hidden, len(rows), remedy)
}
