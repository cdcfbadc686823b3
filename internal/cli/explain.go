package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sniffid/sniffid/capture"
	"github.com/sniffid/sniffid/capture/pcapfile"
	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/internal/pipeline"
	"github.com/sniffid/sniffid/internal/report"
)

// explainOptions are the flags of "sniffid explain".
type explainOptions struct {
	files      []string
	ports      []string
	flow       int
	signatures []string
	portSet    pipeline.PortSet
}

func newExplain(env *environment) *cobra.Command {
	o := &explainOptions{}
	cmd := &cobra.Command{
		Use:   "explain [flags] [FILE...]",
		Short: "Print the bytes that proved a label, with offsets and field names",
		Example: `  sniffid explain trace.pcap
  sniffid explain --port 2888 trace.pcap
  sniffid explain --flow 3 trace.pcap`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.files = append(o.files, args...)
			if len(o.files) == 0 {
				return usageError("explain: name a capture file, or - for standard input")
			}
			var err error
			if o.portSet, err = parsePorts(o.ports); err != nil {
				return err
			}
			return explain(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.files, "read", "r", nil, "read `FILE`; repeatable, as arguments are")
	f.StringArrayVar(&o.ports, "port", nil, "only flows with a port in `LIST` at either end")
	f.IntVar(&o.flow, "flow", 0, "only the `N`th flow, counted from 1 by first packet")
	f.StringArrayVar(&o.signatures, "signatures", nil, "add or override signatures by those in `DIR`")
	return cmd
}

func explain(ctx context.Context, env *environment, o *explainOptions) error {
	engine, err := loadEngine(o.signatures, dissect.Config{Record: true})
	if err != nil {
		return usageError("%w", err)
	}
	files, err := pcapfile.Expand(o.files)
	if err != nil {
		return cannot(err)
	}
	shown := 0
	for _, name := range files {
		flows, err := recordedFlows(ctx, env, engine, name, o.portSet)
		if err != nil {
			return err
		}
		for i, f := range flows {
			if o.flow != 0 && o.flow != i+1 {
				continue
			}
			shown++
			if err := report.Explain(env.stdout, i+1, f, wantsColor(env.stdout)); err != nil {
				return err
			}
		}
	}
	if shown == 0 {
		env.log.Warn("no flow to explain")
	}
	return nil
}

// recordedFlows identifies a file's flows, keeping the bytes that prove them, in
// the order of their first packets.
func recordedFlows(ctx context.Context, env *environment, engine *dissect.Engine, name string, ports pipeline.PortSet) ([]*pipeline.Flow, error) {
	return readFlows(ctx, env, name, pipeline.Config{Engine: engine, Ports: ports})
}

// readFlows identifies a file's flows as c says, in the order of their first
// packets. Verdicts are left out.
func readFlows(ctx context.Context, env *environment, name string, c pipeline.Config) ([]*pipeline.Flow, error) {
	src, err := pcapfile.Open(name)
	if err != nil {
		return nil, cannot(err)
	}
	defer src.Close()
	names, _ := openRegistry() // the verdicts are not shown
	var flows []*pipeline.Flow
	c.File, c.Correlate = name, correlate.Config{Registry: names}
	c.OnFlow = func(f *pipeline.Flow) { flows = append(flows, f) }
	p := pipeline.New(c)
	err = p.Run(ctx, src)
	p.Finish()
	var damage *capture.DamageError
	if errors.As(err, &damage) && p.Summary().Packets > 0 {
		env.log.Error("the rest of the file is not readable", "err", err)
		err = nil
	}
	if err != nil {
		return nil, cannot(fmt.Errorf("read %s: %w", name, err))
	}
	report.SortFlows(flows)
	return flows, nil
}
