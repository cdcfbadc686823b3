package container

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	id1 = "9687bac58d5c4d1606aa46af33d1a21c1d1652e0ac9fb3fc0fc86e3495f42869"
	id2 = "e8c29da1a2f6c4bb032304f7dfbc5a767e026092c4a2fcbc830e58565f972f54"
	uid = "7c2b8d1e-5f3a-4b6c-9d8e-0a1b2c3d4e5f"
)

// tree makes files; "-> " begins the target of a link.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		write(t, root, name, text)
	}
	return root
}

func write(t testing.TB, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	var err error
	if target, link := strings.CutPrefix(text, "-> "); link {
		err = os.Symlink(target, path)
	} else {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestLookup(t *testing.T) {
	const tasks = "run/containerd/io.containerd.runtime.v2.task/"
	docker := func(id, name, more string) string {
		return `{"StreamConfig":{},"State":{"Running":true,"Pid":900},"ID":"` + id + `","Created":"2026-01-02T03:04:05Z","Managed":false,"Path":"nginx",
			"Config":{"Hostname":"9687","Image":"nginx:1.29","Env":["A=b"]` + more + `},"Image":"sha256:0123","Name":"` + name + `","RestartCount":0}`
	}
	metadata := `{\"image-name\":\"docker.io/library/redis:8\",\"image-id\":\"cafe\",\"name\":\"cache\",\"created-at\":1700000000}`
	for _, tt := range []struct {
		name  string
		files map[string]string
		query Query
		want  Info // Runtime "" = not found
	}{
		{
			"docker",
			map[string]string{"var/lib/docker/containers/" + id1 + "/config.v2.json": docker(id1, "/web", "")},
			Query{ID: id1, Runtime: "docker"},
			Info{Name: "web", Image: "nginx:1.29", Runtime: "docker"},
		},
		{
			"engine not known",
			map[string]string{"var/lib/docker/containers/" + id1 + "/config.v2.json": docker(id1, "/web", "")},
			Query{ID: id1},
			Info{Name: "web", Image: "nginx:1.29", Runtime: "docker"},
		},
		{
			"docker, another's file",
			map[string]string{"var/lib/docker/containers/" + id1 + "/config.v2.json": docker(id2, "/web", "")},
			Query{ID: id1, Runtime: "docker"},
			Info{},
		},
		{
			"docker, line ends in the name",
			map[string]string{"var/lib/docker/containers/" + id1 + "/config.v2.json": docker(id1, `/w\ne\u001bb`, "")},
			Query{ID: id1, Runtime: "docker"},
			Info{Image: "nginx:1.29", Runtime: "docker"},
		},
		{
			"docker's snap",
			map[string]string{"var/snap/docker/common/var-lib-docker/containers/" + id1 + "/config.v2.json": docker(id1, "/web", "")},
			Query{ID: id1, Runtime: "docker"},
			Info{Name: "web", Image: "nginx:1.29", Runtime: "docker"},
		},
		{
			"docker without root",
			map[string]string{"home/ann/.local/share/docker/containers/" + id1 + "/config.v2.json": docker(id1, "/mine", "")},
			Query{ID: id1, Runtime: "docker", Home: "/home/ann"},
			Info{Name: "mine", Image: "nginx:1.29", Runtime: "docker"},
		},
		{
			"docker, a user's is not the system's",
			map[string]string{"home/ann/.local/share/docker/containers/" + id1 + "/config.v2.json": docker(id1, "/mine", "")},
			Query{ID: id1, Runtime: "docker"},
			Info{},
		},
		{
			"docker under kubernetes",
			map[string]string{"var/lib/docker/containers/" + id1 + "/config.v2.json": docker(id1, "/k8s_nginx_web-0_prod_"+uid+"_3", "")},
			Query{ID: id1, Runtime: "docker"},
			Info{Name: "nginx", Image: "nginx:1.29", Pod: "prod/web-0", PodUID: uid, Runtime: "docker"},
		},
		{
			"docker, kubelet's labels",
			map[string]string{"var/lib/docker/containers/" + id1 + "/config.v2.json": docker(id1, "/x",
				`,"Labels":{"io.kubernetes.container.name":"POD","io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"prod","io.kubernetes.cri.image-name":"evil"}`)},
			Query{ID: id1},
			Info{Image: "nginx:1.29", Pod: "prod/web-0", Runtime: "docker"},
		},
		{"docker at another place", map[string]string{
			tasks + "moby/" + id1 + "/config.json": `{"ociVersion":"1.2.0","mounts":[{"destination":"/proc","source":"proc"},
				{"destination":"/etc/hosts","type":"bind","source":"/data/docker/containers/` + id1 + `/hosts"}]}`,
			"data/docker/containers/" + id1 + "/config.v2.json": docker(id1, "/far", ""),
		}, Query{ID: id1, Runtime: "docker"}, Info{Name: "far", Image: "nginx:1.29", Runtime: "docker"}},
		{
			"moby without a name",
			map[string]string{tasks + "moby/" + id1 + "/config.json": `{"annotations":null}`},
			Query{ID: id1},
			Info{Runtime: "docker"},
		},
		{"containerd", map[string]string{
			tasks + "k8s.io/" + id1 + "/config.json": `{"annotations":{"io.kubernetes.cri.container-name":"app","io.kubernetes.cri.container-type":"container",
				"io.kubernetes.cri.image-name":"ghcr.io/a/b:1","io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"prod","io.kubernetes.cri.sandbox-uid":"` + uid + `"}}`,
			tasks + "default/" + id2 + "/config.json": `{}`,
		}, Query{ID: id1, Runtime: "containerd"}, Info{Name: "app", Image: "ghcr.io/a/b:1", Pod: "prod/web-0", PodUID: uid, Runtime: "containerd"}},
		{
			"k3s",
			map[string]string{"run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/" + id1 + "/config.json": `{"annotations":{"io.kubernetes.cri.container-name":"app"}}`},
			Query{ID: id1},
			Info{Name: "app", Runtime: "containerd"},
		},
		{
			"nerdctl",
			map[string]string{tasks + "default/" + id1 + "/config.json": `{"annotations":{"nerdctl/name":"blue"}}`},
			Query{ID: id1, Runtime: "containerd"},
			Info{Name: "blue", Runtime: "containerd"},
		},
		{"podman", map[string]string{
			"var/lib/containers/storage/overlay-containers/containers.json":                  `[{"id":"` + id2 + `","names":["x"]},{"id":"` + id1 + `","names":["cache"],"image":"cafe","metadata":"` + metadata + `"}]`,
			"var/lib/containers/storage/overlay-containers/" + id1 + "/userdata/config.json": `{"annotations":{"io.container.manager":"libpod"}}`,
			"var/lib/containers/storage/overlay-layers/x":                                    "",
		}, Query{ID: id1, Runtime: "podman"}, Info{Name: "cache", Image: "docker.io/library/redis:8", Runtime: "podman"}},
		{
			"podman, other driver, no metadata",
			map[string]string{"var/lib/containers/storage/vfs-containers/containers.json": `[{"id":"` + id1 + `","names":["cache","b"]}]`},
			Query{ID: id1},
			Info{Name: "cache", Runtime: "podman"},
		},
		{
			"podman without root",
			map[string]string{"home/ann/.local/share/containers/storage/overlay-containers/containers.json": `[{"id":"` + id1 + `","names":["mine"]}]`},
			Query{ID: id1, Runtime: "podman", Home: "/home/ann"},
			Info{Name: "mine", Runtime: "podman"},
		},
		{
			"podman, volatile",
			map[string]string{"run/containers/storage/overlay-containers/volatile-containers.json": `[{"id":"` + id1 + `","names":["short"]}]`},
			Query{ID: id1, Runtime: "podman"},
			Info{Name: "short", Runtime: "podman"},
		},
		{
			"cri-o, bundle",
			map[string]string{"run/containers/storage/overlay-containers/" + id1 + "/userdata/config.json": `{"annotations":{"io.kubernetes.container.name":"app",
			"io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"prod","io.kubernetes.pod.uid":"` + uid + `","io.kubernetes.cri-o.ContainerType":"container",
			"io.kubernetes.cri-o.ImageName":"quay.io/a/b:2","io.kubernetes.cri-o.Image":"0123"}}`},
			Query{ID: id1, Runtime: "cri-o"},
			Info{Name: "app", Image: "quay.io/a/b:2", Pod: "prod/web-0", PodUID: uid, Runtime: "cri-o"},
		},
		{
			"cri-o, list",
			map[string]string{"var/lib/containers/storage/overlay-containers/containers.json": `[{"id":"` + id1 + `","names":["k8s_app_web-0_prod_` + uid + `_0","k8s_x"],
			"metadata":"{\"image-name\":\"quay.io/a/b:2\",\"name\":\"k8s_app_web-0_prod_` + uid + `_0\",\"metadata-name\":\"app\"}"}]`},
			Query{ID: id1},
			Info{Name: "app", Image: "quay.io/a/b:2", Pod: "prod/web-0", PodUID: uid, Runtime: "cri-o"},
		},
		{
			"cri-o, sandbox",
			map[string]string{"var/lib/containers/storage/overlay-containers/containers.json": `[{"id":"` + id1 + `","names":["k8s_web-0_prod_` + uid + `_0"]}]`},
			Query{ID: id1},
			Info{Pod: "prod/web-0", PodUID: uid, Runtime: "cri-o"},
		},
		{"lxc", nil, Query{ID: "web.1", Runtime: "lxc"}, Info{Name: "web.1", Runtime: "lxc"}},
		{"none", nil, Query{ID: id1}, Info{}},
		{"not json", map[string]string{"var/lib/docker/containers/" + id1 + "/config.v2.json": docker(id1, "/web", "")[:100]}, Query{ID: id1}, Info{}},
		{"too large", map[string]string{"var/lib/docker/containers/" + id1 + "/config.v2.json": docker(id1, "/web", "") + strings.Repeat(" ", maxConfig)}, Query{ID: id1}, Info{}},
		{"a folder", map[string]string{"var/lib/docker/containers/" + id1 + "/config.v2.json/x": ""}, Query{ID: id1}, Info{}},
		{
			"other types",
			map[string]string{"var/lib/docker/containers/" + id1 + "/config.v2.json": `{"ID":"` + id1 + `","Name":["/web"],"Config":{"Image":7,"Labels":{"a":{}}}}`},
			Query{ID: id1},
			Info{Runtime: "docker"},
		},
		{"path", map[string]string{"x/config.v2.json": docker(id1, "/web", "")}, Query{ID: "../../../../x"}, Info{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := NewNames(tree(t, tt.files)).Lookup(tt.query)
			if diff := cmp.Diff(tt.want, got); diff != "" || ok != (tt.want.Runtime != "") {
				t.Errorf("%v %s", ok, diff)
			}
		})
	}
}

// Answers are remembered, those that say nothing for a short time.
func TestLookupRemembers(t *testing.T) {
	const list = "var/lib/containers/storage/overlay-containers/containers.json"
	root := t.TempDir()
	n := NewNames(root)
	at := time.Unix(1700000000, 0)
	n.now = func() time.Time { return at }
	name := func() string {
		info, _ := n.Lookup(Query{ID: id1, Runtime: "podman"})
		return info.Name
	}
	if got := name(); got != "" {
		t.Error(got)
	}
	write(t, root, list, `[{"id":"`+id1+`","names":["one"]}]`)
	if got := name(); got != "" {
		t.Errorf("%q: a miss was not remembered", got)
	}
	at = at.Add(rememberMissed)
	if got := name(); got != "one" {
		t.Error(got)
	}
	write(t, root, list, `[{"id":"`+id1+`","names":["number two"]}]`)
	if got := name(); got != "one" {
		t.Errorf("%q: a name was not remembered", got)
	}
	at = at.Add(rememberFound)
	if got := name(); got != "number two" {
		t.Error(got)
	}
	for i := range maxRemembered + 5 {
		n.Lookup(Query{ID: "c" + strings.Repeat("x", i%100), Home: strings.Repeat("/h", i/100), Runtime: "lxc"})
	}
	if len(n.known) > maxRemembered {
		t.Errorf("%d answers are remembered", len(n.known))
	}
}

func FuzzContainerJSON(f *testing.F) {
	f.Add([]byte(`{"ID":"a","Name":"/web","Config":{"Image":"nginx","Labels":{"io.kubernetes.pod.name":"x"}}}`))
	f.Add([]byte(`[{"id":"a","names":["k8s_a_b_c_d_0"],"metadata":"{\"name\":\"x\",\"image-name\":\"y\"}"}]`))
	f.Add([]byte(`{"annotations":{"io.kubernetes.cri.sandbox-name":"a","io.kubernetes.cri.sandbox-namespace":"b"},"mounts":[{"destination":"/etc/hosts","source":"/d/containers/a/hosts"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		sound := func(i Info) {
			for _, s := range []string{i.Name, i.Image, i.Pod, i.PodUID} {
				if len(s) > maxName || strings.ContainsAny(s, "\n\r\x1b\x00") {
					t.Errorf("%q", s)
				}
			}
		}
		info, _ := parseDocker(text, "a")
		sound(info)
		info, folder, _ := parseBundle(text, "a")
		sound(info)
		if folder != "" && (!strings.HasPrefix(folder, "/") || strings.Contains(folder, "/../")) {
			t.Errorf("folder %q", folder)
		}
		for _, info := range parseStore(text) {
			sound(info)
		}
	})
}
