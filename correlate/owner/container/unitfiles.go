package container

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxLinks bounds the links that are followed to a unit file.
const maxLinks = 8

// files reads a unit's file and its drop-ins, in the order in which they count;
// nothing where there is no file, or a link to /dev/null or an empty file stands
// for it, which masks the unit.
func (u *Units) files(name string) [][]byte {
	file := u.fragment(name)
	if file == "" {
		return nil
	}
	text, _, err := readFile(u.follow(file), maxUnitFile)
	if err != nil || len(text) == 0 {
		return nil
	}
	texts := [][]byte{text}
	for _, file := range u.dropIns(name) {
		// One that is linked to /dev/null hides others of its name.
		if text, _, err := readFile(u.follow(file), maxUnitFile); err == nil {
			texts = append(texts, text)
		}
	}
	return texts
}

// fragment is the path of a unit's file: the one of its name that counts most, or
// that of its template.
func (u *Units) fragment(name string) string {
	if folders := u.where[name]; len(folders) > 0 {
		return below(u.root, folders[0], name)
	}
	if parts := splitUnit(name); parts.isInstance && parts.instance != "" {
		if folders := u.where[parts.template()]; len(folders) > 0 {
			return below(u.root, folders[0], parts.template())
		}
	}
	return ""
}

// dropIns are the paths of a unit's drop-ins, by the names of their files. Of
// those of one name the one counts that is closest to the unit's own name and,
// then, in the folder that counts most.
func (u *Units) dropIns(name string) []string {
	parts := splitUnit(name)
	names := []string{name + ".d"}
	if parts.isInstance && parts.instance != "" {
		names = append(names, parts.template()+".d")
	}
	// "a-b-c.socket" has those of "a-b-.socket" and of "a-.socket".
	for prefix := parts.prefix; ; {
		at := strings.LastIndexByte(strings.TrimSuffix(prefix, "-"), '-')
		if at < 0 {
			break
		}
		prefix = prefix[:at+1]
		names = append(names, prefix+parts.kind+".d")
	}
	names = append(names, strings.TrimPrefix(parts.kind, ".")+".d")

	paths := map[string]string{}
	for _, folderName := range names {
		for _, folder := range u.where[folderName] {
			entries, err := os.ReadDir(below(u.root, folder, folderName))
			if err != nil {
				continue
			}
			for _, e := range entries {
				if _, hidden := paths[e.Name()]; !hidden && strings.HasSuffix(e.Name(), ".conf") && len(paths) < maxDropIns {
					paths[e.Name()] = below(u.root, folder, folderName, e.Name())
				}
			}
		}
	}
	files := make([]string, 0, len(paths))
	for file := range paths {
		files = append(files, file)
	}
	slices.Sort(files)
	for i, file := range files {
		files[i] = paths[file]
	}
	return files
}

// follow follows the links at the end of a path; their targets are below the root
// too.
func (u *Units) follow(file string) string {
	for range maxLinks {
		target, err := os.Readlink(file)
		if err != nil {
			return file
		}
		file = u.target(file, target)
	}
	return ""
}

func (u *Units) target(link, target string) string {
	if path.IsAbs(target) {
		return below(u.root, path.Clean(target))
	}
	return filepath.Join(filepath.Dir(link), target)
}

// canonical is the name of the unit that another name is an alias of: that of a
// file to which a link of this name leads. A link to a template, or to a file of
// the same name elsewhere, makes no alias.
func (u *Units) canonical(name string) string {
	if known, ok := u.aliases[name]; ok {
		return known
	}
	unit := name
	parts := splitUnit(name)
	file := u.fragment(name)
	for range maxLinks {
		target, err := os.Readlink(file)
		if file == "" || err != nil {
			break
		}
		base := path.Base(target)
		to := splitUnit(base)
		if to.kind != parts.kind {
			break // masked, or no unit
		}
		switch {
		case to.isInstance && to.instance == "" && parts.isInstance && parts.instance != "":
			// An instance of an alias of a template is one of the template.
			unit = to.prefix + "@" + parts.instance + to.kind
		default:
			unit = base
		}
		file = u.target(file, target)
	}
	if len(u.aliases) >= maxInstances {
		clear(u.aliases)
	}
	u.aliases[name] = unit
	return unit
}
