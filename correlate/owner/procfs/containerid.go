package procfs

import "strings"

// contained is a container as one element of a control group's path names it.
type contained struct {
	id, runtime string
	helper      bool
	unit        bool // the element is a unit of its own as well
}

// idLength is how many hexadecimal digits an engine's id has.
const idLength = 64

// containerOf reads an element of a path, given the one before it:
//
//	docker-ID.scope  libpod-ID.scope  cri-containerd-ID.scope  crio-ID.scope
//	…/docker/ID  …/podUID/ID  …/libpod-payload-ID  …/SLICE:cri-containerd:ID
//	lxc/NAME  lxc.payload/NAME  lxc.payload.NAME  lxc.monitor.NAME
//	systemd-nspawn@NAME.service  ecs/TASK/TASK-NUMBER
func containerOf(element, before string) (contained, bool) {
	if k, ok := lxcOf(element, before); ok {
		return k, true
	}
	if name, ok := strings.CutPrefix(element, "systemd-nspawn@"); ok {
		if name, ok = strings.CutSuffix(name, ".service"); ok && name != "" {
			return contained{id: name, runtime: "systemd-nspawn", unit: true}, true
		}
	}
	if isTask(before) && strings.HasPrefix(element, before+"-") && isDecimal(element[len(before)+1:]) {
		return contained{id: element, runtime: "ecs"}, true
	}
	name := strings.TrimSuffix(element, ".scope")
	at := strings.LastIndexAny(name, "-:")
	id := name[at+1:]
	if len(id) != idLength || strings.Trim(id, "0123456789abcdef") != "" {
		return contained{}, false
	}
	k := contained{id: id}
	if at < 0 {
		if before == "docker" {
			k.runtime = "docker"
		}
		return k, true
	}
	// "kubepods-podUID.slice:cri-containerd:ID" is what runc makes of systemd's
	// notation where it does not use systemd.
	prefix := name[:at]
	prefix = prefix[strings.LastIndexByte(prefix, ':')+1:]
	prefix, k.helper = strings.CutSuffix(prefix, "-conmon")
	k.runtime = runtimeOf(prefix)
	return k, true
}

// runtimeOf names the engine that puts a prefix before its ids.
func runtimeOf(prefix string) string {
	switch prefix {
	case "docker":
		return "docker"
	case "libpod", "libpod-payload":
		return "podman"
	case "cri-containerd", "containerd", "nerdctl":
		return "containerd"
	case "crio":
		return "cri-o"
	}
	return ""
}

// isTask reports whether an element is the id of an ECS task.
func isTask(element string) bool {
	return len(element) == 32 && strings.Trim(element, "0123456789abcdef") == ""
}

// lxcOf reads the groups of LXC, from its first versions to those that keep the
// monitor apart from the payload.
func lxcOf(element, before string) (contained, bool) {
	k := contained{runtime: "lxc"}
	switch before {
	case "lxc", "lxc.payload":
		k.id = element
	case "lxc.monitor":
		k.id, k.helper = element, true
	default:
		name, ok := strings.CutPrefix(element, "lxc.payload.")
		if !ok {
			name, ok = strings.CutPrefix(element, "lxc.monitor.")
			k.helper = ok
		}
		k.id = name
		if !ok {
			return contained{}, false
		}
	}
	return k, k.id != ""
}

// podUID reads the uid of a Kubernetes pod: "kubepods-burstable-podUID.slice",
// in which "_" stands for "-", or "podUID" below a group named kubepods.
func podUID(element string, kubernetes bool) string {
	if !kubernetes {
		return ""
	}
	// What follows a colon is runc's notation for the container.
	element, _, _ = strings.Cut(element, ":")
	uid, ok := strings.CutSuffix(element, ".slice")
	if ok {
		at := strings.LastIndex(uid, "-pod")
		if at < 0 {
			return ""
		}
		uid = strings.ReplaceAll(uid[at+len("-pod"):], "_", "-")
	} else if uid, ok = strings.CutPrefix(element, "pod"); !ok {
		return ""
	}
	// A UUID, or the 32 digits of a static pod's hash.
	if len(uid) != 36 && len(uid) != 32 || strings.Trim(uid, "0123456789abcdef-") != "" {
		return ""
	}
	return uid
}
