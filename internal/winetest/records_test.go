//go:build linux

package winetest

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// owner is what a record says of the process behind a socket.
type owner struct {
	PID      int      `json:"pid"`
	Name     string   `json:"name"`
	Exe      string   `json:"exe"`
	Services []string `json:"services"`
	Quality  string   `json:"quality"`
	Reason   string   `json:"reason"`
}

// end is one end of a flow.
type end struct {
	Addr  string `json:"addr"`
	Port  int    `json:"port"`
	Owner owner  `json:"owner"`
}

// record is a line of --format json: a flow, a port, a socket or a device.
type record struct {
	Type      string   `json:"type"`
	Transport string   `json:"transport"`
	Network   string   `json:"network"`
	Client    end      `json:"client"`
	Server    end      `json:"server"`
	Roles     string   `json:"roles"`
	Protocols []string `json:"protocols"`
	Certainty string   `json:"confidence"`
	Evidence  []struct {
		Protocol  string `json:"protocol"`
		Direction string `json:"direction"`
		Length    int    `json:"length"`
	} `json:"evidence"`

	Role    string `json:"role"`
	Port    int    `json:"port"`
	Verdict string `json:"verdict"`
	Why     string `json:"why"`

	Local string `json:"local"`
	State string `json:"state"`
	Owner owner  `json:"owner"`

	Name        string   `json:"name"`
	Description string   `json:"description"`
	Addresses   []string `json:"addresses"`
	Up          bool     `json:"up"`
	Loopback    bool     `json:"loopback"`
}

// records are the records of a kind.
func records(t *testing.T, out, kind string) []record {
	t.Helper()
	var all []record
	for line := range strings.Lines(out) {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if r.Type == kind {
			all = append(all, r)
		}
	}
	return all
}

// one is the only record of a kind that fits.
func one(t *testing.T, out, kind string, fits func(*record) bool) record {
	t.Helper()
	all := records(t, out, kind)
	found := slices.DeleteFunc(slices.Clone(all), func(r record) bool { return !fits(&r) })
	if len(found) != 1 {
		t.Fatalf("%d records fit of %d of the kind %s:\n%s", len(found), len(all), kind, out)
	}
	return found[0]
}

// awaitCapture waits until somebody captures in this namespace: libpcap's socket
// is bound to an interface and runs.
func awaitCapture(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile("/proc/thread-self/net/packet")
		for line := range bytes.Lines(text) {
			if f := bytes.Fields(line); err == nil && len(f) > 5 && string(f[4]) != "0" && string(f[5]) == "1" {
				return
			}
		}
	}
	t.Fatal("sniffid does not capture")
}
