// Package container names what processes stand for, from files alone: containers
// and pods from what their engines keep on disk, the containers behind proxies of
// published ports from the proxies' command lines, and the systemd socket units
// behind services from unit files. It asks no daemon and sends nothing.
//
// Everything is read below a folder, "/" being this machine's, so that a host's
// files can be read from inside a container. What is read is bounded; a file that
// is missing, too large or damaged is the same as none.
package container

import (
	"cmp"
	"strings"
	"sync"
	"time"
)

// Query asks for a container.
type Query struct {
	// ID is the engine's id, or the name where it has no ids (LXC).
	ID string
	// Runtime is the engine, "docker", "podman", "containerd", "cri-o", "lxc",
	// "systemd-nspawn"; "" where it is not known, which makes all be tried.
	Runtime string
	// Home is the home folder of the user who runs the engine without root; "" for
	// the system's engines.
	Home string
}

// Info is what is known of a container. A field that is not known is empty.
type Info struct {
	Name    string // as its engine or, in a pod, Kubernetes calls it; empty for a pod's sandbox
	Image   string // as it was asked for, "docker.io/library/nginx:1.29"
	Pod     string // Kubernetes pod, "namespace/name"
	PodUID  string
	Runtime string // the engine, as in Query
}

// How long answers are remembered. A container is not yet on disk when its first
// process begins, so that not finding it says little; and it can be renamed.
const (
	rememberFound  = 5 * time.Minute
	rememberMissed = 5 * time.Second
)

// maxRemembered bounds the answers that are remembered.
const maxRemembered = 4096

// Names finds the names of containers and remembers them. It is safe for
// concurrent use, and has nothing to be closed.
type Names struct {
	root string
	now  func() time.Time

	mu     sync.Mutex
	known  map[Query]answer
	stores map[string]store
}

type answer struct {
	info  Info
	found bool
	until time.Time
}

// NewNames reads the files below root; "" and "/" stand for this machine.
func NewNames(root string) *Names {
	return &Names{root: cmp.Or(root, "/"), now: time.Now, known: map[Query]answer{}, stores: map[string]store{}}
}

// Lookup names a container. Where nothing is found, that is remembered too, for a
// few seconds.
func (n *Names) Lookup(q Query) (Info, bool) {
	if !isID(q.ID) {
		return Info{}, false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	now := n.now()
	if a, known := n.known[q]; known && now.Before(a.until) {
		return a.info, a.found
	}
	a := answer{until: now.Add(rememberMissed)}
	if a.info, a.found = n.look(q); a.found {
		a.until = now.Add(rememberFound)
	}
	if len(n.known) >= maxRemembered {
		clear(n.known)
	}
	n.known[q] = a
	return a.info, a.found
}

// look asks the engines' files.
func (n *Names) look(q Query) (Info, bool) {
	switch q.Runtime {
	case "lxc", "systemd-nspawn":
		return Info{Name: q.ID, Runtime: q.Runtime}, true
	case "docker":
		if info, ok := n.docker(q); ok {
			return info, true
		}
		return n.containerd(q)
	case "podman", "cri-o":
		return n.storage(q)
	case "containerd":
		return n.containerd(q)
	}
	for _, look := range []func(Query) (Info, bool){n.docker, n.containerd, n.storage} {
		if info, ok := look(q); ok {
			return info, true
		}
	}
	return Info{}, false
}

// maxID bounds an id; it is used as a file's name.
const maxID = 128

// isID reports whether an id can be the name of a file and nothing else.
func isID(id string) bool {
	if id == "" || len(id) > maxID || id[0] == '.' {
		return false
	}
	return !strings.ContainsFunc(id, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("_.-", r)
	})
}

// maxName bounds a name or an image.
const maxName = 512

// clean lets names pass and nothing that could be something else: no line ends,
// no escapes, no endless ones.
func clean(name string) string {
	if len(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || 0x7f <= r && r < 0xa0 || r == '\uFFFD' }) {
		return ""
	}
	return name
}
