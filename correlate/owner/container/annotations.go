package container

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"
)

// decode reads JSON as far as it is what is expected: a field of another type is
// left empty. ok is false for what is no JSON.
func decode(text []byte, into any) (ok bool) {
	err := json.Unmarshal(text, into)
	var other *json.UnmarshalTypeError
	return err == nil || errors.As(err, &other)
}

// spec is what is used of an OCI runtime's config.json
// (https://github.com/opencontainers/runtime-spec/blob/main/config.md).
type spec struct {
	Annotations map[string]string `json:"annotations"`
	Mounts      []struct {
		Destination string `json:"destination"`
		Source      string `json:"source"`
	} `json:"mounts"`
}

// The annotations and labels that engines put on containers, by what they say:
// those of containerd's CRI plugin, of CRI-O, of kubelet's labels, of nerdctl.
const (
	criName      = "io.kubernetes.cri.container-name"
	criImage     = "io.kubernetes.cri.image-name"
	criPod       = "io.kubernetes.cri.sandbox-name"
	criNamespace = "io.kubernetes.cri.sandbox-namespace"
	criUID       = "io.kubernetes.cri.sandbox-uid"

	crioImage = "io.kubernetes.cri-o.ImageName"
	crioAsked = "io.kubernetes.cri-o.Image"
	crioPod   = "io.kubernetes.cri-o.KubeName"
	crioSpace = "io.kubernetes.cri-o.Namespace"
	crioType  = "io.kubernetes.cri-o.ContainerType"

	kubeName      = "io.kubernetes.container.name"
	kubePod       = "io.kubernetes.pod.name"
	kubeNamespace = "io.kubernetes.pod.namespace"
	kubeUID       = "io.kubernetes.pod.uid"

	nerdctlName = "nerdctl/name"
	manager     = "io.container.manager" // "libpod", "cri-o"
)

// sandbox is what a pod's own container is called by kubelet's labels.
const sandbox = "POD"

// annotated reads annotations or labels.
func annotated(a map[string]string) Info {
	info := Info{
		Name:   clean(cmp.Or(a[criName], a[kubeName], a[nerdctlName])),
		Image:  clean(cmp.Or(a[criImage], a[crioImage], a[crioAsked])),
		Pod:    podName(cmp.Or(a[criNamespace], a[kubeNamespace], a[crioSpace]), cmp.Or(a[criPod], a[kubePod], a[crioPod])),
		PodUID: clean(cmp.Or(a[criUID], a[kubeUID])),
	}
	switch {
	case a[crioType] != "" || a[manager] == "cri-o":
		info.Runtime = "cri-o"
	case a[manager] == "libpod":
		info.Runtime = "podman"
	}
	if info.Name == sandbox {
		info.Name = ""
	}
	return info
}

func podName(namespace, name string) string {
	if namespace == "" || name == "" {
		return ""
	}
	return clean(namespace + "/" + name)
}

// kubernetesName reads the names that kubelet's engines give to containers,
// "k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT", and CRI-O to sandboxes as well,
// "k8s_POD_NAMESPACE_UID_ATTEMPT". No part has an underscore.
func kubernetesName(name string) (Info, bool) {
	parts := strings.Split(name, "_")
	if parts[0] != "k8s" {
		return Info{}, false
	}
	switch len(parts) {
	case 5:
		return Info{Pod: podName(parts[2], parts[1]), PodUID: clean(parts[3])}, true
	case 6:
		info := Info{Name: clean(parts[1]), Pod: podName(parts[3], parts[2]), PodUID: clean(parts[4])}
		if info.Name == sandbox {
			info.Name = ""
		}
		return info, true
	}
	return Info{}, false
}

// or fills what i does not have from other.
func (i Info) or(other Info) Info {
	return Info{
		Name: cmp.Or(i.Name, other.Name), Image: cmp.Or(i.Image, other.Image), Pod: cmp.Or(i.Pod, other.Pod),
		PodUID: cmp.Or(i.PodUID, other.PodUID), Runtime: cmp.Or(i.Runtime, other.Runtime),
	}
}
