package procfs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	id1 = "9687bac58d5c4d1606aa46af33d1a21c1d1652e0ac9fb3fc0fc86e3495f42869"
	id2 = "e8c29da1a2f6c4bb032304f7dfbc5a767e026092c4a2fcbc830e58565f972f54"
	uid = "7c2b8d1e-5f3a-4b6c-9d8e-0a1b2c3d4e5f"
)

func TestParseCgroup(t *testing.T) {
	under := strings.ReplaceAll(uid, "-", "_")
	for _, tt := range []struct {
		name, text string
		want       Cgroup
	}{
		{"empty", "", Cgroup{}},
		{"root", "0::/\n", Cgroup{}},
		{"no newline", "0::/init.scope", Cgroup{Unit: "init.scope"}},
		{"system service", "0::/system.slice/ssh.service\n", Cgroup{Unit: "ssh.service", Slice: "system.slice"}},
		{
			"template instance", "0::/system.slice/system-getty.slice/getty@tty1.service\n",
			Cgroup{Unit: "getty@tty1.service", Slice: "system-getty.slice"},
		},
		{
			"escaped instance", `0::/system.slice/system-openvpn\x2dclient.slice/openvpn-client@my\x2dvpn.service` + "\n",
			Cgroup{Unit: `openvpn-client@my\x2dvpn.service`, Slice: `system-openvpn\x2dclient.slice`},
		},
		{"socket", "0::/system.slice/cups.socket\n", Cgroup{Unit: "cups.socket", Slice: "system.slice"}},
		{"delegated", "0::/system.slice/foo.service/workers/bar.service\n", Cgroup{Unit: "foo.service", Slice: "system.slice"}},
		{"escaped by underscore", "0::/system.slice/_cpu.service\n", Cgroup{Unit: "cpu.service", Slice: "system.slice"}},
		{"above the reader's group", "0::/../../system.slice/ssh.service\n", Cgroup{Unit: "ssh.service", Slice: "system.slice"}},
		{"deleted group", "0::/system.slice/ssh.service (deleted)\n", Cgroup{Unit: "ssh.service", Slice: "system.slice"}},
		{
			"session", "0::/user.slice/user-1000.slice/session-3.scope\n",
			Cgroup{Unit: "session-3.scope", Slice: "user-1000.slice", UserID: "1000"},
		},
		{
			"user service", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/syncthing.service\n",
			Cgroup{Unit: "syncthing.service", Manager: "user@1000.service", Slice: "app.slice", UserID: "1000"},
		},
		{
			"user's manager", "0::/user.slice/user-1000.slice/user@1000.service/init.scope\n",
			Cgroup{Unit: "init.scope", Manager: "user@1000.service", Slice: "user-1000.slice", UserID: "1000"},
		},
		{
			"user scope", `0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-org.gnome.Terminal.slice/vte-spawn-1\x2d2.scope`,
			Cgroup{Unit: `vte-spawn-1\x2d2.scope`, Manager: "user@1000.service", Slice: "app-gnome-org.gnome.Terminal.slice", UserID: "1000"},
		},
		{
			"docker, systemd", "0::/system.slice/docker-" + id1 + ".scope\n",
			Cgroup{Slice: "system.slice", Container: id1, Runtime: "docker"},
		},
		{
			"docker without root", "0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + id1 + ".scope\n",
			Cgroup{Unit: "user@1000.service", Slice: "user.slice", UserID: "1000", Container: id1, Runtime: "docker"},
		},
		{
			"docker, version 1", "12:pids:/docker/" + id1 + "\n11:memory:/docker/" + id1 + "\n1:name=systemd:/docker/" + id1 + "\n0::/system.slice/containerd.service\n",
			Cgroup{Unit: "containerd.service", Slice: "system.slice", Container: id1, Runtime: "docker"},
		},
		{
			"controllers only", "3:memory:/docker/" + id1 + "\n2:cpu,cpuacct:/\n1:name=systemd:/\n",
			Cgroup{Container: id1, Runtime: "docker"},
		},
		{
			"controllers name no unit", "3:memory:/system.slice/ssh.service\n1:name=systemd:/user.slice/user-0.slice/session-1.scope\n0::/\n",
			Cgroup{Unit: "session-1.scope", Slice: "user-0.slice", UserID: "0"},
		},
		{"docker in docker", "0::/docker/" + id1 + "/docker/" + id2 + "\n", Cgroup{Container: id2, Runtime: "docker"}},
		{
			"systemd in docker", "0::/docker/" + id1 + "/system.slice/nginx.service\n",
			Cgroup{Container: id1, Runtime: "docker", Inside: "nginx.service"},
		},
		{
			"user's manager in podman", "0::/machine.slice/libpod-" + id1 + ".scope/container/user.slice/user-7.slice/user@7.service/app.slice/a.service\n",
			Cgroup{Slice: "machine.slice", Container: id1, Runtime: "podman", Inside: "a.service"},
		},
		{"podman", "0::/machine.slice/libpod-" + id1 + ".scope/container\n", Cgroup{Slice: "machine.slice", Container: id1, Runtime: "podman"}},
		{"podman, cgroupfs", "0::/libpod_parent/libpod-" + id1 + "\n", Cgroup{Container: id1, Runtime: "podman"}},
		{
			"podman pod", "0::/machine.slice/machine-libpod_pod_" + id2 + ".slice/libpod-" + id1 + ".scope\n",
			Cgroup{Slice: "machine-libpod_pod_" + id2 + ".slice", Container: id1, Runtime: "podman"},
		},
		{
			"conmon", "0::/machine.slice/libpod-conmon-" + id1 + ".scope\n",
			Cgroup{Slice: "machine.slice", Container: id1, Runtime: "podman", Helper: true},
		},
		{
			"quadlet", "0::/system.slice/nginx.service/libpod-payload-" + id1 + "\n",
			Cgroup{Unit: "nginx.service", Slice: "system.slice", Container: id1, Runtime: "podman"},
		},
		{
			"quadlet without root", "0::/user.slice/user-1001.slice/user@1001.service/app.slice/caddy.service/libpod-payload-" + id1 + "\n",
			Cgroup{Unit: "caddy.service", Manager: "user@1001.service", Slice: "app.slice", UserID: "1001", Container: id1, Runtime: "podman"},
		},
		{
			"quadlet's runtime", "0::/user.slice/user-1001.slice/user@1001.service/app.slice/caddy.service/runtime\n",
			Cgroup{Unit: "caddy.service", Manager: "user@1001.service", Slice: "app.slice", UserID: "1001"},
		},
		{"nerdctl", "0::/system.slice/nerdctl-" + id1 + ".scope\n", Cgroup{Slice: "system.slice", Container: id1, Runtime: "containerd"}},
		{
			"kubernetes, containerd", "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + under + ".slice/cri-containerd-" + id1 + ".scope\n",
			Cgroup{Slice: "kubepods-burstable-pod" + under + ".slice", Container: id1, Runtime: "containerd", Pod: uid},
		},
		{
			"kubernetes, guaranteed, cri-o", "0::/kubepods.slice/kubepods-pod" + under + ".slice/crio-" + id1 + ".scope\n",
			Cgroup{Slice: "kubepods-pod" + under + ".slice", Container: id1, Runtime: "cri-o", Pod: uid},
		},
		{
			"cri-o's conmon", "0::/kubepods.slice/kubepods-pod" + under + ".slice/crio-conmon-" + id1 + ".scope\n",
			Cgroup{Slice: "kubepods-pod" + under + ".slice", Container: id1, Runtime: "cri-o", Helper: true, Pod: uid},
		},
		{
			"kubernetes, cgroupfs", "0::/kubepods/besteffort/pod" + uid + "/" + id1 + "\n",
			Cgroup{Container: id1, Pod: uid},
		},
		{
			"kubernetes, version 1", "11:devices:/kubepods/pod" + uid + "/" + id1 + "\n1:name=systemd:/kubepods/pod" + uid + "/" + id1 + "\n",
			Cgroup{Container: id1, Pod: uid},
		},
		{
			"kubernetes, static pod", "0::/kubepods/burstable/pod0123456789abcdef0123456789abcdef/" + id1 + "\n",
			Cgroup{Container: id1, Pod: "0123456789abcdef0123456789abcdef"},
		},
		{
			"kubernetes, other root", "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod" + under +
				".slice/cri-containerd-" + id1 + ".scope\n",
			Cgroup{Slice: "kubelet-kubepods-besteffort-pod" + under + ".slice", Container: id1, Runtime: "containerd", Pod: uid},
		},
		{
			"kubernetes, drivers that differ", "0::/system.slice/containerd.service/kubepods-burstable-pod" + under + ".slice:cri-containerd:" + id1 + "\n",
			Cgroup{Unit: "containerd.service", Slice: "system.slice", Container: id1, Runtime: "containerd", Pod: uid},
		},
		{
			"kind: kubernetes in docker", "0::/system.slice/docker-" + id2 + ".scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" + under +
				".slice/cri-containerd-" + id1 + ".scope\n",
			Cgroup{Slice: "system.slice", Container: id1, Runtime: "containerd", Pod: uid},
		},
		{"pod without kubernetes", "0::/pod" + uid + "\n", Cgroup{}},
		{"lxc", "0::/lxc/web/ns\n", Cgroup{Container: "web", Runtime: "lxc"}},
		{"lxc 3", "0::/lxc.payload/web\n", Cgroup{Container: "web", Runtime: "lxc"}},
		{"lxc 4", "0::/lxc.payload.web.1/system.slice/ssh.service\n", Cgroup{Container: "web.1", Runtime: "lxc", Inside: "ssh.service"}},
		{"lxc monitor", "0::/lxc.monitor.web\n", Cgroup{Container: "web", Runtime: "lxc", Helper: true}},
		{"lxc, version 1", "5:devices:/lxc/web\n1:name=systemd:/lxc/web/init.scope\n", Cgroup{Container: "web", Runtime: "lxc", Inside: "init.scope"}},
		{
			"docker in lxc", "0::/lxc.payload.web/system.slice/docker-" + id1 + ".scope\n",
			Cgroup{Container: id1, Runtime: "docker"},
		},
		{
			"nspawn", "0::/machine.slice/systemd-nspawn@my-box.service/payload/system.slice/ssh.service\n",
			Cgroup{Unit: "systemd-nspawn@my-box.service", Slice: "machine.slice", Container: "my-box", Runtime: "systemd-nspawn", Inside: "ssh.service"},
		},
		{
			"nspawn itself", "0::/machine.slice/systemd-nspawn@my-box.service/supervisor\n",
			Cgroup{Unit: "systemd-nspawn@my-box.service", Slice: "machine.slice", Container: "my-box", Runtime: "systemd-nspawn", Helper: true},
		},
		{
			"nspawn by hand", `0::/machine.slice/machine-my\x2dbox.scope/payload/init.scope` + "\n",
			Cgroup{Unit: `machine-my\x2dbox.scope`, Slice: "machine.slice", Container: "my-box", Runtime: "systemd-nspawn", Inside: "init.scope"},
		},
		{
			"virtual machine", `0::/machine.slice/machine-qemu\x2d1\x2ddebian.scope/libvirt/emulator` + "\n",
			Cgroup{Unit: `machine-qemu\x2d1\x2ddebian.scope`, Slice: "machine.slice"},
		},
		{"machine without a name", "0::/machine-.scope/payload\n", Cgroup{Unit: "machine-.scope"}},
		{"ecs", "4:memory:/ecs/0123456789abcdef0123456789abcdef/" + id1 + "\n", Cgroup{Container: id1, Runtime: "ecs"}},
		{
			"fargate", "1:name=systemd:/ecs/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef-2765123402\n",
			Cgroup{Container: "0123456789abcdef0123456789abcdef-2765123402", Runtime: "ecs"},
		},
		{
			"ecs, version 2", "0::/ecstasks.slice/ecstasks-0123456789abcdef0123456789abcdef.slice/docker-" + id1 + ".scope\n",
			Cgroup{Slice: "ecstasks-0123456789abcdef0123456789abcdef.slice", Container: id1, Runtime: "docker"},
		},
		{"other prefix", "0::/foo/bar-" + id1 + ".scope\n", Cgroup{Container: id1}},
		{"id too short", "0::/docker/" + id1[1:] + "\n", Cgroup{}},
		{"id in capitals", "0::/docker/" + strings.ToUpper(id1) + "\n", Cgroup{}},
		{"no colons", "0 /docker\n", Cgroup{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, ParseCgroup(tt.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParseCgroup(f *testing.F) {
	f.Add("0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker-" + id1 + ".scope\n")
	f.Add("3:memory:/kubepods/pod" + uid + "/" + id1 + "\n1:name=systemd:/machine.slice/machine-a\\x2d.scope/payload\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := ParseCgroup(text)
		for _, part := range []string{c.Unit, c.Manager, c.Slice, c.UserID, c.Inside} {
			if strings.Contains(part, "/") || !strings.Contains(text, part) {
				t.Errorf("%q is not an element of %q", part, text)
			}
		}
		if strings.ContainsAny(c.Container, "\n") || c.Container == "" && (c.Runtime != "" || c.Helper || c.Inside != "") {
			t.Errorf("%+v", c)
		}
	})
}

func BenchmarkParseCgroup(b *testing.B) {
	text := "0::/kubepods.slice/kubepods-pod" + strings.ReplaceAll(uid, "-", "_") + ".slice/cri-containerd-" + id1 + ".scope\n"
	b.ReportAllocs()
	for b.Loop() {
		ParseCgroup(text)
	}
}
