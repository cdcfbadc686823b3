//go:build linux

package ownertest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// The process in the container behind a published port is named, not the proxy
// that holds the port on the host.
func TestPublishedPort(t *testing.T) {
	asked(t)
	_, program := programs(t)
	proxy := filepath.Join(t.TempDir(), "docker-proxy")
	if err := os.Link(program, proxy); err != nil {
		t.Fatal(err)
	}
	// A cable to the "container".
	inside := play(t, []string{"unshare", "--net", "sh", "-euc", `ip link set lo up
echo container $$
while ! ip link show inside >/dev/null 2>&1; do sleep 0.01; done
ip address add 10.77.0.2/24 dev inside
ip link set inside up
exec "$0" "$@"`}, "serve", "tcp", "10.77.0.2", "80", "plain")
	container := inside.next(t, "container")[0]
	for _, args := range [][]string{
		{"link", "add", "outside", "type", "veth", "peer", "name", "inside", "netns", strconv.Itoa(container)},
		{"address", "add", "10.77.0.1/24", "dev", "outside"},
		{"link", "set", "outside", "up"},
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v\n%s", args, err, out)
		}
	}
	t.Cleanup(func() { _ = exec.Command("ip", "link", "delete", "outside").Run() })
	served := inside.next(t, "held")[0]

	w := watch(t)
	outside := play(t, []string{proxy, "-proto", "tcp", "-host-ip", "127.0.0.1", "-host-port", "8099", "-container-ip", "10.77.0.2", "-container-port", "80"})
	proxied := outside.next(t, "held")[0]
	c, err := net.Dial("tcp", "127.0.0.1:8099")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("?")); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 16)); n != 2 {
		t.Fatal("no answer:", err)
	}
	time.Sleep(50 * time.Millisecond)
	for _, f := range w.flows(t) {
		if f.Server.Port == 8099 {
			right := []int{served}
			if withoutBPF() {
				// Nor may it look into the container's network namespace.
				right = append(right, proxied)
			}
			(&ownership{}).judge(t, "the flow's server", f.Server.Owner, right, true)
			return
		}
	}
	t.Error("no such flow was seen")
}
