package container

import (
	"cmp"
	"net/netip"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The folders of the system's units, what counts most first (systemd.unit(5),
// "Unit File Load Path").
var systemFolders = []string{
	"etc/systemd/system.control", "run/systemd/system.control", "run/systemd/transient", "run/systemd/generator.early",
	"etc/systemd/system", "etc/systemd/system.attached", "run/systemd/system", "run/systemd/system.attached", "run/systemd/generator",
	"usr/local/lib/systemd/system", "usr/lib/systemd/system", "lib/systemd/system", "run/systemd/generator.late",
}

// Bounds on what is read: one file, the entries of one folder, the drop-ins of one
// unit.
const (
	maxUnitFile    = 1 << 20
	maxUnitEntries = 1 << 16
	maxDropIns     = 256
)

// rememberUnits is how long unit files are taken for unchanged.
const rememberUnits = 30 * time.Second

// Units knows the unit files of a systemd. It is safe for concurrent use, and has
// nothing to be closed.
type Units struct {
	root    string
	folders []string
	now     func() time.Time

	mu      sync.Mutex
	until   time.Time
	where   map[string][]string   // the folders that have an entry, what counts most first
	sockets []string              // the names of the socket units
	read    map[string]socketUnit // by name, instances too
	aliases map[string]string
}

// NewUnits reads the system's unit files below root; "" and "/" stand for this
// machine.
func NewUnits(root string) *Units {
	return &Units{root: cmp.Or(root, "/"), folders: systemFolders, now: time.Now}
}

// NewUserUnits reads the unit files of a user's manager.
func NewUserUnits(root, home string, uid uint32) *Units {
	run := "run/user/" + strconv.FormatUint(uint64(uid), 10) + "/systemd/"
	config := path.Join(home, ".config/systemd") + "/"
	return &Units{root: cmp.Or(root, "/"), now: time.Now, folders: []string{
		config + "user.control", run + "user.control", run + "transient", run + "generator.early",
		config + "user", "etc/xdg/systemd/user", "etc/systemd/user", run + "user", "run/systemd/user", run + "generator",
		path.Join(home, ".local/share/systemd/user"), "usr/local/share/systemd/user", "usr/share/systemd/user",
		"usr/local/lib/systemd/user", "usr/lib/systemd/user", "lib/systemd/user", run + "generator.late",
	}}
}

// Socket finds the socket unit that handed a service its socket: one whose sockets
// go to the service, and one of whose addresses is the socket's local end. Whether
// systemd has that socket open too is not known from here. Where several fit, it
// is the one with the address itself rather than a wildcard; then the first by
// name.
func (u *Units) Socket(service, transport string, local netip.AddrPort) (unit string, ok bool) {
	if !isUnitName(service) || !strings.HasSuffix(service, ".service") || local.Port() == 0 {
		return "", false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.refresh()
	given := u.given(service)
	instance := splitUnit(service)
	best := 0
	try := func(name string) {
		s := u.socket(name)
		if !slices.Contains(given, s.name) && !s.starts(service, u.canonical) {
			return
		}
		for i := range s.listens {
			if fit := s.listens[i].fits(transport, local); fit > best {
				best, unit = fit, s.name
			}
		}
	}
	for _, name := range u.sockets {
		if s := splitUnit(name); !s.isInstance || s.instance != "" {
			try(name)
		} else if instance.isInstance && instance.instance != "" {
			s.instance = instance.instance
			try(s.prefix + "@" + s.instance + s.kind)
		}
	}
	return unit, best > 0
}

// given are the socket units that a service asks for itself (Sockets= of
// systemd.service(5)).
func (u *Units) given(service string) []string {
	var names []string
	for _, text := range u.files(u.canonical(service)) {
		assignments(text, "Service", func(key, value string) {
			if key != "Sockets" {
				return
			}
			if value == "" {
				names = nil
			} else if len(names) < maxListens {
				names = append(names, strings.Fields(value)...)
			}
		})
	}
	return names
}

// refresh lists the folders, when that was last done some time ago.
func (u *Units) refresh() {
	now := u.now()
	if now.Before(u.until) {
		return
	}
	u.until = now.Add(rememberUnits)
	u.where, u.read, u.aliases, u.sockets = map[string][]string{}, map[string]socketUnit{}, map[string]string{}, nil
	for _, folder := range u.folders {
		entries, err := os.ReadDir(below(u.root, folder))
		if err != nil {
			continue
		}
		for _, e := range entries[:min(len(entries), maxUnitEntries)] {
			name := e.Name()
			if strings.HasSuffix(name, ".socket") && len(u.where[name]) == 0 {
				u.sockets = append(u.sockets, name)
			}
			u.where[name] = append(u.where[name], folder)
		}
	}
	// An alias would be another name for what is there already.
	u.sockets = slices.DeleteFunc(u.sockets, func(name string) bool { return u.canonical(name) != name })
	slices.Sort(u.sockets)
}

// maxInstances bounds the units that are remembered.
const maxInstances = 4096

// socket is a socket unit by name, as it was read last.
func (u *Units) socket(name string) socketUnit {
	s, known := u.read[name]
	if !known {
		if len(u.read) >= maxInstances {
			clear(u.read)
		}
		s = parseSocket(name, u.files(name))
		u.read[name] = s
	}
	return s
}

// isUnitName reports whether a name can be one of a file and of a unit.
func isUnitName(name string) bool {
	return len(name) < 256 && !strings.ContainsAny(name, "/\x00\n") && !strings.HasPrefix(name, ".")
}
