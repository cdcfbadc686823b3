package owner

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGroupRoots(t *testing.T) {
	const text = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime shared:9 - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
50 31 0:38 / /mnt/again rw,relatime - cgroup2 cgroup2 rw
51 31 0:38 /system.slice /mnt/part rw,relatime - cgroup2 cgroup2 rw
damaged
- cgroup2
`
	name := filepath.Join(t.TempDir(), "mountinfo")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := groupRoots(name)
	if d := cmp.Diff([]string{"/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"}, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	if _, err := groupRoots(name + ".missing"); err == nil {
		t.Error("no error for a missing file")
	}
}

func TestGroupServices(t *testing.T) {
	const id = "9687bac58d5c4d1606aa46af33d1a21c1d1652e0ac9fb3fc0fc86e3495f42869"
	root := t.TempDir()
	for _, path := range []string{
		"system.slice/ssh.service", "system.slice/ssh.service/workers",
		"system.slice/docker-" + id + ".scope/init.scope",
		"user.slice/user-1000.slice/user@1000.service/app.slice/web.service", "no-unit",
	} {
		if err := os.MkdirAll(filepath.Join(root, filepath.FromSlash(path)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	list := func() map[string]uint64 {
		t.Helper()
		services, err := groupServices(root)
		if err != nil {
			t.Fatal(err)
		}
		instances := map[string]uint64{}
		for _, s := range services {
			instances[s.Name+s.Container] = s.Instance
		}
		if len(instances) != len(services) {
			t.Errorf("some are listed twice: %v", services)
		}
		return instances
	}
	before := list()
	want := map[string]bool{"ssh.service": true, id: true, "user@1000.service": true, "web.service": true}
	got := map[string]bool{}
	for name := range before {
		got[name] = true
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	// Started again, it is another one.
	group := filepath.Join(root, "system.slice", "ssh.service")
	if err := os.Rename(group, group+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Fatal(err)
	}
	if after := list(); after["ssh.service"] == before["ssh.service"] || after["web.service"] != before["web.service"] {
		t.Errorf("before %v, after %v", before, after)
	}
	if _, err := groupServices(filepath.Join(root, "missing")); err == nil {
		t.Error("no error for a missing hierarchy")
	}
}
