package container

import (
	"path/filepath"
	"strings"
)

// maxConfig bounds the configuration of one container. Docker's has the last
// outputs of health checks, an OCI runtime's all mounts and system calls.
const maxConfig = 4 << 20

// dockerRoots are where Docker keeps its data: by default, in its snap, and in the
// home of a user who runs it without root.
var dockerRoots = [...]string{"var/lib/docker", "var/snap/docker/common/var-lib-docker"}

const dockerHome = ".local/share/docker"

// docker reads DATA/containers/ID/config.v2.json.
func (n *Names) docker(q Query) (Info, bool) {
	if q.Home != "" {
		return n.dockerFile(below(n.root, q.Home, dockerHome, "containers", q.ID), q.ID)
	}
	for _, data := range dockerRoots {
		if info, ok := n.dockerFile(below(n.root, data, "containers", q.ID), q.ID); ok {
			return info, true
		}
	}
	return Info{}, false
}

func (n *Names) dockerFile(folder, id string) (Info, bool) {
	text, _, err := readFile(filepath.Join(folder, "config.v2.json"), maxConfig)
	if err != nil {
		return Info{}, false
	}
	return parseDocker(text, id)
}

// parseDocker reads a container's config.v2.json. It has to be of the container
// that was asked for.
func parseDocker(text []byte, id string) (Info, bool) {
	var c struct {
		ID, Name string
		Config   struct {
			Image  string
			Labels map[string]string
		}
	}
	if !decode(text, &c) || c.ID != id {
		return Info{}, false
	}
	name := strings.TrimPrefix(c.Name, "/")
	info, _ := kubernetesName(name)
	labels := annotated(c.Config.Labels)
	labels.Image = "" // what the image calls itself is another thing
	if info = info.or(labels); info.Pod == "" {
		info.Name = clean(name)
	}
	return info.or(Info{Image: clean(c.Config.Image), Runtime: "docker"}), true
}
