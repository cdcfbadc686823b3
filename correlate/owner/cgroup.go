package owner

import "strings"

// cgroupOf reads a process's /proc/PID/cgroup (cgroups(7)): the systemd unit
// that it runs in, and the container, if any. Lines are
// "hierarchy:controllers:path"; in version 2 there is one, "0::path".
func cgroupOf(text string) (unit, container string) {
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 || parts[0] != "0" && parts[1] != "name=systemd" {
			continue
		}
		for element := range strings.SplitSeq(parts[2], "/") {
			switch id := containerID(element); {
			case id != "":
				container = id
			case strings.HasSuffix(element, ".service"), strings.HasSuffix(element, ".scope"):
				unit = element
			}
		}
	}
	return unit, container
}

// containerID finds the 64 hexadecimal digits that container engines name
// cgroups by: alone, or as "docker-ID.scope", "cri-containerd-ID.scope",
// "libpod-ID.scope".
func containerID(element string) string {
	element = strings.TrimSuffix(element, ".scope")
	if at := strings.LastIndexByte(element, '-'); at >= 0 {
		element = element[at+1:]
	}
	if len(element) != 64 || strings.Trim(element, "0123456789abcdef") != "" {
		return ""
	}
	return element
}
