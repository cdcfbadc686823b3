package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sniffid/sniffid/internal/pipeline"
	"github.com/sniffid/sniffid/internal/report"
	"github.com/sniffid/sniffid/internal/rotate"
)

// options are the flags of the main command.
type options struct {
	interfaces   []string
	files        []string
	ports        []string
	write        rotate.Plan
	format       string
	claims       []string
	expect       string
	count        uint64
	duration     time.Duration
	untilVerdict bool
	signatures   []string
	list         bool
	noNames      int
	noPromisc    bool
	snapLength   int
	quiet        bool
	verbose      int
	confine      confineOptions

	filterWords []string // the pcap-filter expression, as it came
	filter      string
	portSet     pipeline.PortSet
}

const rootLong = `sniffid tells what a port really is. It listens to the wire, recognises the
protocol from the bytes, never from the port number, and confronts it with what
the registry and the operating system say. It never sends a packet.

With neither -i nor -r it captures on the interface of the default route. The
pcap-filter expression at the end chooses packets, as for tcpdump; it is also
applied to files.

Exit status: 0 done, and nothing that was asked is contradicted; 1 what was
asked about (--port, --claims, --expect) is a mismatch or a phantom, or --expect
is not met; 2 usage; 3 cannot capture or read; 4 --port or --expect was asked
and no payload was seen.`

const rootExample = `  sniffid -i eth0 --port 2888                     what is this port?
  sniffid -r trace.pcap --claims netstat.txt      which of these claims are true?
  sniffid -r trace.pcap --port 8443 --expect tls  does the port speak TLS? (exit status)
  sniffid -i any --until-verdict --port 8080      stop as soon as it is known
  sniffid -nni eth0 -c 1000 --format json host 192.0.2.1 and tcp
  tcpdump -w - | sniffid -r -                     from standard input`

func newRoot(env *environment) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:           "sniffid [flags] [pcap-filter expression]",
		Short:         "Tell what a port really is",
		Long:          rootLong,
		Example:       rootExample,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.filterWords, o.filter = args, strings.Join(args, " ")
			env.verbosity(o.verbose, o.quiet)
			if err := o.check(); err != nil {
				return err
			}
			if o.list {
				return listInterfaces(env, o.format)
			}
			return sniff(cmd.Context(), env, o)
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError("%w", err) })
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVarP(&o.interfaces, "interface", "i", nil, "capture live on `NAME`; repeatable; any")
	f.StringArrayVarP(&o.files, "read", "r", nil, "read `FILE`: pcap or pcapng, also .gz and .zst; - is standard input; a folder\nmeans every capture in it; repeatable")
	f.StringArrayVar(&o.ports, "port", nil, "look only at the ports in `LIST`, on either side: 2888 80,443 6000-6010 udp/53")
	f.StringVarP(&o.write.Path, "write", "w", "", "write the packets seen to `FILE` as pcapng, with process information; - is standard output,\nthe results then go to standard error")
	o.rotateFlags(f)
	f.StringVar(&o.format, "format", "text", "`FORMAT` of the results: "+strings.Join(report.Formats(), ", "))
	f.StringArrayVar(&o.claims, "claims", nil, "`FILE` is a saved netstat, ss, lsof or tasklist listing to confirm or refute;\n- is standard input; repeatable")
	f.StringVar(&o.expect, "expect", "", "let the exit status say whether the port speaks `PROTOCOL`")
	f.Uint64VarP(&o.count, "count", "c", 0, "stop after `N` packets")
	f.DurationVar(&o.duration, "duration", 0, "stop a live capture after `D`, as in 30s or 5m")
	f.BoolVar(&o.untilVerdict, "until-verdict", false, "stop a live capture when every item of --port has a verdict that will not get better")
	f.StringArrayVar(&o.signatures, "signatures", nil, "add or override signatures by those in `DIR`")
	f.BoolVarP(&o.list, "list-interfaces", "D", false, "list the interfaces and exit")
	f.CountVarP(&o.noNames, "no-names", "n", "do not look up names (sniffid never does; for the habit)")
	f.BoolVarP(&o.noPromisc, "no-promiscuous-mode", "p", false, "do not put the interface into promiscuous mode")
	f.IntVarP(&o.snapLength, "snapshot-length", "s", 0, "capture `N` bytes of each packet; 0: all")
	o.confine.flags(f)
	f.BoolVarP(&o.quiet, "quiet", "q", false, "less: only contradictions and what was asked")
	f.CountVarP(&o.verbose, "verbose", "v", "more: every flow with its evidence; -vv also logs")
	cmd.AddCommand(newPorts(env), newExplain(env), newSignatures(env), newDoctor(env), newVersion(env), newOwnerHelper(env), newFileHelper())
	markUsage(cmd)
	return cmd
}

// markUsage makes wrong arguments of a command, and of those below it, a usage
// error.
func markUsage(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError("%w", err)
			}
			return nil
		}
	}
	for _, c := range cmd.Commands() {
		markUsage(c)
	}
}

// check finds what is wrong with the flags together.
func (o *options) check() error {
	switch {
	case len(o.interfaces) > 0 && len(o.files) > 0:
		return usageError("-i and -r exclude each other: capture live or read files")
	case len(o.files) > 0 && (o.duration != 0 || o.untilVerdict):
		return usageError("--duration and --until-verdict are for live captures")
	case !slices.Contains(report.Formats(), o.format):
		return usageError("--format %s: choose one of %s", o.format, strings.Join(report.Formats(), ", "))
	case o.duration < 0:
		return usageError("--duration %s: must be positive", o.duration)
	case o.snapLength < 0:
		return usageError("-s %d: must not be negative", o.snapLength)
	case o.quiet && o.verbose > 0:
		return usageError("-q and -v exclude each other")
	}
	if err := o.write.Check(); err != nil {
		return usageError("%w", err)
	}
	for _, arg := range o.filterWords {
		if looksLikeFile(arg) {
			return usageError("%s: each file needs a -r of its own; or name the folder that has them", arg)
		}
	}
	stdin := 0
	for _, name := range slices.Concat(o.files, o.claims) {
		if name == "-" {
			stdin++
		}
	}
	if stdin > 1 {
		return usageError("standard input (-) can be read once only")
	}
	if err := o.confine.check(); err != nil {
		return err
	}
	var err error
	o.portSet, err = parsePorts(o.ports)
	return err
}

// looksLikeFile reports whether a word of a filter expression is the name of a
// file, with an extension, that is there: what a shell makes of "-r *.pcap".
func looksLikeFile(word string) bool {
	if filepath.Ext(word) == "" {
		return false
	}
	info, err := os.Stat(word)
	return err == nil && info.Mode().IsRegular()
}

// parsePorts reads the lists of --port.
func parsePorts(lists []string) (pipeline.PortSet, error) {
	if len(lists) == 0 {
		return pipeline.PortSet{}, nil
	}
	set, err := pipeline.ParsePorts(strings.Join(lists, ","))
	if err != nil {
		return set, usageError("--port: %w", err)
	}
	return set, nil
}

// live reports whether packets come from interfaces.
func (o *options) live() bool { return len(o.files) == 0 }
