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
	"github.com/sniffid/sniffid/internal/sandbox"
)

// explainOptions are the flags of "sniffid explain".
type explainOptions struct {
	files      []string
	ports      []string
	flow       int
	signatures []string
	portSet    pipeline.PortSet
	confine    confineOptions
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
			if err := o.confine.check(); err != nil {
				return err
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
	o.confine.flags(f)
	return cmd
}

func explain(ctx context.Context, env *environment, o *explainOptions) error {
	box, err := env.prepare(&o.confine, sandbox.Config{})
	if err != nil {
		return err
	}
	engine, err := loadEngine(o.signatures, dissect.Config{Record: true})
	if err != nil {
		return usageError("%w", err)
	}
	files, err := box.files(o.files)
	if err != nil {
		return err
	}
	names, _ := openRegistry() // the verdicts are not shown
	if err := box.enter(); err != nil {
		return err
	}
	shown := 0
	for i := range files {
		// The bytes that prove them are kept.
		flows, err := readFlows(ctx, env, &files[i], pipeline.Config{Engine: engine, Ports: o.portSet, Correlate: correlate.Config{Registry: names}})
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

// readFlows identifies a file's flows as c says, in the order of their first
// packets. Verdicts are left out. Of a folder, a file that is no capture has none.
func readFlows(ctx context.Context, env *environment, in *input, c pipeline.Config) ([]*pipeline.Flow, error) {
	src, err := in.source()
	if in.inFolder && errors.Is(err, pcapfile.ErrNotCapture) {
		env.log.Info("passed over", "err", err)
		return nil, nil
	}
	if err != nil {
		return nil, cannot(err)
	}
	defer src.Close()
	var flows []*pipeline.Flow
	c.File = in.name
	c.OnFlow = func(f *pipeline.Flow) {
		kept := *f
		flows = append(flows, &kept)
	}
	p := pipeline.New(c)
	err = p.Run(ctx, src)
	p.Finish()
	env.failures(p)
	var damage *capture.DamageError
	if errors.As(err, &damage) && p.Summary().Packets > 0 {
		env.log.Error("the rest of the file is not readable", "err", err)
		err = nil
	}
	if err != nil {
		return nil, cannot(fmt.Errorf("read %s: %w", in.name, err))
	}
	report.SortFlows(flows)
	return flows, nil
}
