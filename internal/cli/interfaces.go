package cli

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"github.com/sniffid/sniffid/capture/live"
	"github.com/sniffid/sniffid/internal/report"
)

// interfaceRecord is an interface as -D --format json lists it.
type interfaceRecord struct {
	Type        string       `json:"type"`
	Schema      int          `json:"schema"`
	Name        string       `json:"name"`
	Description string       `json:"description,omitempty"`
	Addresses   []netip.Addr `json:"addresses,omitempty"`
	Up          bool         `json:"up"`
	Loopback    bool         `json:"loopback"`
}

// listInterfaces is -D.
func listInterfaces(env *environment, format string) error {
	devices, err := live.Interfaces()
	if err != nil {
		return cannot(err)
	}
	if len(devices) == 0 {
		env.log.Warn(`no interface can be captured on; "sniffid doctor" says what this machine allows`)
	}
	enc := json.NewEncoder(env.stdout)
	for i := range devices {
		d := &devices[i]
		if format == "json" {
			r := interfaceRecord{"interface", 1, d.Name, d.Description, d.Addresses, d.Up, d.Loopback}
			if err := enc.Encode(r); err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintf(env.stdout, "%d.%s%s\n", i+1, report.Clean(d.Name), report.Clean(deviceNotes(d))); err != nil {
			return err
		}
	}
	return nil
}

// deviceNotes is what tcpdump -D writes behind a name, and the addresses.
func deviceNotes(d *live.Device) string {
	var b strings.Builder
	if d.Description != "" {
		fmt.Fprintf(&b, " (%s)", d.Description)
	}
	var flags []string
	if d.Up {
		flags = append(flags, "Up")
	}
	if d.Loopback {
		flags = append(flags, "Loopback")
	}
	if len(flags) > 0 {
		fmt.Fprintf(&b, " [%s]", strings.Join(flags, ", "))
	}
	for _, a := range d.Addresses {
		b.WriteString(" " + a.String())
	}
	return b.String()
}
