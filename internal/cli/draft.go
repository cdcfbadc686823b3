package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sniffid/sniffid/correlate"
	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/internal/pipeline"
	"github.com/sniffid/sniffid/internal/sandbox"
	"github.com/sniffid/sniffid/signatures/draft"
)

// draftOptions are the flags of "sniffid signatures draft".
type draftOptions struct {
	files   []string
	ports   []string
	name    string
	portSet pipeline.PortSet
	confine confineOptions
}

func newSignaturesDraft(env *environment, dirs *[]string) *cobra.Command {
	o := &draftOptions{}
	cmd := &cobra.Command{
		Use:   "draft [flags] [FILE...]",
		Short: "Propose a signature file from flows that nothing could name",
		Long: `Propose a signature file from flows that nothing could name. What their first
messages have in common is written down: bytes that are always the same, and
fields that hold a length. Several flows of one server are best; without --port
the port with the most unnamed flows is taken.

The draft says what was seen, not what is prescribed: compare it with the
specification before it is trusted.`,
		Example: `  sniffid signatures draft --port 4711 trace.pcap >mine/proto.yaml
  sniffid signatures test mine/proto.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.files = append(o.files, args...)
			if len(o.files) == 0 {
				return usageError("draft: name a capture file, or - for standard input")
			}
			if err := o.confine.check(); err != nil {
				return err
			}
			var err error
			if o.portSet, err = parsePorts(o.ports); err != nil {
				return err
			}
			return draftSignature(cmd.Context(), env, o, *dirs)
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.files, "read", "r", nil, "read `FILE`; repeatable, as arguments are")
	f.StringArrayVar(&o.ports, "port", nil, "only flows with a port in `LIST` at either end")
	f.StringVar(&o.name, "name", "draft", "the `PROTOCOL`'s name, a Wireshark display filter where there is one")
	o.confine.flags(f)
	return cmd
}

func draftSignature(ctx context.Context, env *environment, o *draftOptions, dirs []string) error {
	box, err := env.prepare(&o.confine, sandbox.Config{})
	if err != nil {
		return err
	}
	engine, err := loadEngine(dirs, dissect.Config{})
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
	var unnamed []*pipeline.Flow
	for i := range files {
		flows, err := readFlows(ctx, env, &files[i], pipeline.Config{
			Engine: engine, Ports: o.portSet, KeepSamples: true, Correlate: correlate.Config{Registry: names},
		})
		if err != nil {
			return err
		}
		for _, f := range flows {
			if f.Sample != nil {
				unnamed = append(unnamed, f)
			}
		}
	}
	service, flows := busiest(unnamed)
	if len(flows) == 0 {
		env.log.Error("every flow with payload has a name already, or none was seen")
		env.status = exitNoPayload
		return nil
	}
	env.log.Info("drafting", "service", fmt.Sprintf("%s/%d", service.transport, service.port), "flows", len(flows))
	text, err := draft.Write(o.name, flows)
	if errors.Is(err, draft.ErrNothing) {
		env.log.Error(err.Error())
		env.status = exitContradicted
		return nil
	}
	if err != nil {
		return cannot(err)
	}
	_, err = env.stdout.Write(text)
	return err
}

// service is where flows of one protocol are likely to go.
type service struct {
	transport string
	port      uint16
}

// busiest returns the service with the most flows, and these.
func busiest(flows []*pipeline.Flow) (service, []draft.Flow) {
	groups := make(map[service][]draft.Flow)
	var services []service
	for _, f := range flows {
		s := service{f.Transport, f.Server.Port}
		if groups[s] == nil {
			services = append(services, s)
		}
		groups[s] = append(groups[s], draft.Flow{Transport: f.Transport, Sample: f.Sample})
	}
	if len(services) == 0 {
		return service{}, nil
	}
	most := slices.MaxFunc(services, func(a, b service) int { return cmp.Compare(len(groups[a]), len(groups[b])) })
	return most, groups[most]
}
