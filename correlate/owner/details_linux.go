package owner

import (
	"fmt"
	"os"
)

// systemPID is the process that stands for the kernel; Linux has none.
const systemPID = -1

// complete adds the systemd unit and the container.
func complete(pid int, o *Owner) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err == nil {
		o.Unit, o.Container = cgroupOf(string(text))
	}
}
