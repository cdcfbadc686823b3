package owner

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/sniffid/sniffid/correlate/owner/procfs"
)

// maxGroups bounds the control groups that are looked at.
const maxGroups = 20_000

// runningServices lists the units and containers that have a control group where
// systemd keeps them: it makes them as they start, and removes them as they stop.
func runningServices() ([]Service, error) {
	roots, err := groupRoots("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var services []Service
	for _, root := range roots {
		more, err := groupServices(root)
		if err != nil {
			return nil, err
		}
		services = append(services, more...)
	}
	return services, nil
}

// groupRoots finds where the hierarchies are mounted that units are in: version 2's
// and version 1's "name=systemd". Lines are described in proc_pid_mountinfo(5).
func groupRoots(mountinfo string) ([]string, error) {
	f, err := os.Open(mountinfo)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var roots []string
	seen := map[string]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		mount, system, found := strings.Cut(lines.Text(), " - ")
		fields, source := strings.Fields(mount), strings.Fields(system)
		if !found || len(fields) < 5 || len(source) < 3 {
			continue
		}
		// The same device is mounted in several places, perhaps.
		device, at := fields[2], fields[4]
		systemd := source[0] == "cgroup2" || source[0] == "cgroup" && strings.Contains(source[2], "name=systemd")
		if systemd && fields[3] == "/" && !seen[device] {
			seen[device] = true
			roots = append(roots, at)
		}
	}
	return roots, nil
}

// groupServices lists what the control groups below a hierarchy's root stand for.
func groupServices(root string) ([]Service, error) {
	var services []Service
	left := maxGroups
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && path == root:
			return err
		case err != nil:
			return nil // it has just gone
		case !d.IsDir() || path == root:
			return nil
		}
		if left--; left < 0 {
			return errGroups
		}
		s, ok := groupService(strings.TrimPrefix(path, root))
		if !ok {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			s.Instance = stat.Ino
		}
		services = append(services, s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list control groups: %w", err)
	}
	return services, nil
}

var errGroups = errors.New("there are too many")

// groupService is the unit or container that a control group is made for; those
// below it are its own affair.
func groupService(path string) (Service, bool) {
	g := procfs.ParseCgroup("0::" + path)
	name := filepath.Base(path)
	switch {
	case g.Container != "" && strings.Contains(name, g.Container):
		return Service{Container: g.Container}, true
	case g.Unit != "" && g.Container == "" && strings.TrimPrefix(name, "_") == g.Unit:
		return Service{Name: g.Unit}, true
	}
	return Service{}, false
}
