package container

import (
	"os"
	"path"
	"path/filepath"
	"slices"
)

// containerdStates are where containerd keeps the bundles of running tasks: by
// default, for Docker's own, for K3s and RKE2, and in the snap of MicroK8s.
var containerdStates = [...]string{
	"run/containerd", "run/docker/containerd/daemon", "run/k3s/containerd", "var/snap/microk8s/common/run/containerd",
}

// containerdTasks is the folder of the tasks, below that of the state; below it
// are namespaces, and in those containers.
const containerdTasks = "io.containerd.runtime.v2.task"

// maxNamespaces bounds the namespaces that are looked into.
const maxNamespaces = 256

// containerd reads STATE/io.containerd.runtime.v2.task/NAMESPACE/ID/config.json.
func (n *Names) containerd(q Query) (Info, bool) {
	for _, state := range containerdStates {
		tasks := below(n.root, state, containerdTasks)
		namespaces, err := os.ReadDir(tasks)
		if err != nil {
			continue
		}
		for _, namespace := range namespaces[:min(len(namespaces), maxNamespaces)] {
			text, _, err := readFile(filepath.Join(tasks, namespace.Name(), q.ID, "config.json"), maxConfig)
			if err != nil {
				continue
			}
			info, folder, ok := parseBundle(text, q.ID)
			if !ok {
				continue
			}
			// Docker's containers have no name here, but their own folder, which
			// may be anywhere, mounted for the files that Docker writes.
			if folder != "" {
				if docker, ok := n.dockerFile(below(n.root, folder), q.ID); ok {
					return docker, true
				}
			}
			if namespace.Name() == "moby" {
				info.Runtime = "docker"
			}
			return info.or(Info{Runtime: "containerd"}), true
		}
	}
	return Info{}, false
}

// dockerFiles are what Docker mounts from a container's folder.
var dockerFiles = []string{"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"}

// parseBundle reads a container's config.json. folder is where Docker keeps the
// container, if it does.
func parseBundle(text []byte, id string) (info Info, folder string, ok bool) {
	var s spec
	if !decode(text, &s) {
		return Info{}, "", false
	}
	for _, m := range s.Mounts {
		dir := path.Dir(path.Clean(m.Source))
		if slices.Contains(dockerFiles, m.Destination) && path.IsAbs(dir) && path.Base(dir) == id && path.Base(path.Dir(dir)) == "containers" {
			folder = dir
		}
	}
	return annotated(s.Annotations), folder, true
}
