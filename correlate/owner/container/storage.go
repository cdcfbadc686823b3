package container

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Where the storage of Podman and CRI-O is: what lasts, and what ends with the
// system.
const (
	storageGraph = "var/lib/containers/storage"
	storageRun   = "run/containers/storage"
	storageHome  = ".local/share/containers/storage"
)

// maxStore bounds the list of a storage's containers, maxStores how many lists are
// remembered.
const (
	maxStore  = 16 << 20
	maxStores = 32
)

// store is a storage's list of containers as it was last read.
type store struct {
	size       int64
	modified   time.Time
	containers map[string]Info
}

// storage reads DRIVER-containers/containers.json and the bundle's
// DRIVER-containers/ID/userdata/config.json; which has what depends on the engine.
func (n *Names) storage(q Query) (Info, bool) {
	graphs := []string{below(n.root, storageGraph), below(n.root, storageRun)}
	if q.Home != "" {
		graphs = []string{below(n.root, q.Home, storageHome)}
	}
	var info Info
	found := false
	for _, graph := range graphs {
		for _, folder := range drivers(graph) {
			for _, list := range [...]string{"containers.json", "volatile-containers.json"} {
				if listed, ok := n.store(filepath.Join(folder, list))[q.ID]; ok {
					info, found = info.or(listed), true
				}
			}
			text, _, err := readFile(filepath.Join(folder, q.ID, "userdata", "config.json"), maxConfig)
			if err != nil {
				continue
			}
			if bundle, _, ok := parseBundle(text, q.ID); ok {
				info, found = info.or(bundle), true
			}
		}
	}
	if found && info.Runtime == "" {
		info.Runtime = q.Runtime
		if info.Runtime == "" {
			info.Runtime = "podman"
			if info.Pod != "" {
				info.Runtime = "cri-o"
			}
		}
	}
	return info, found
}

// drivers are a storage's folders of containers, one for each storage driver that
// was ever in use.
func drivers(graph string) []string {
	entries, err := os.ReadDir(graph)
	if err != nil {
		return nil
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() && strings.HasSuffix(e.Name(), "-containers") {
			folders = append(folders, filepath.Join(graph, e.Name()))
		}
	}
	return folders
}

// store is a list of containers, read anew when it has changed.
func (n *Names) store(path string) map[string]Info {
	stat, err := os.Stat(path)
	if err != nil {
		return nil
	}
	if s, known := n.stores[path]; known && s.size == stat.Size() && s.modified.Equal(stat.ModTime()) {
		return s.containers
	}
	text, info, err := readFile(path, maxStore)
	if err != nil {
		return nil
	}
	if len(n.stores) >= maxStores {
		clear(n.stores)
	}
	s := store{info.Size(), info.ModTime(), parseStore(text)}
	n.stores[path] = s
	return s.containers
}

// parseStore reads a containers.json: an array of containers, whose engine has put
// what it knows, as JSON in a string, into the metadata.
func parseStore(text []byte) map[string]Info {
	var list []struct {
		ID       string   `json:"id"`
		Names    []string `json:"names"`
		Metadata string   `json:"metadata"`
	}
	if !decode(text, &list) {
		return nil
	}
	containers := make(map[string]Info, len(list))
	for _, c := range list {
		var m struct {
			Name      string `json:"name"`
			Image     string `json:"image-name"`
			Short     string `json:"metadata-name"`
			Namespace string `json:"namespace"`
		}
		decode([]byte(c.Metadata), &m)
		name := m.Name
		if name == "" && len(c.Names) > 0 {
			name = c.Names[0]
		}
		info, kubernetes := kubernetesName(name)
		if !kubernetes {
			info = Info{Name: clean(name)}
		} else {
			info.Runtime = "cri-o"
		}
		info.Image = clean(m.Image)
		containers[c.ID] = info
	}
	return containers
}
