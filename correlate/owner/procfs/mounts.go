package procfs

import "strings"

// BoundNamespace is a namespace that a file keeps, as "ip netns add" and
// container engines do; it needs no process.
type BoundNamespace struct {
	Inode uint64
	// Path is the file, which can be opened to enter the namespace.
	Path string
}

// ParseMounts finds the network namespaces that are mounted somewhere, in the
// text of /proc/PID/mountinfo (proc_pid_mountinfo(5)): mounts of type nsfs whose
// root is "net:[inode]". Each is named once, by its first mount.
func ParseMounts(text []byte) []BoundNamespace {
	var bound []BoundNamespace
	seen := map[uint64]bool{}
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		var words [5][]byte
		for i := range words {
			words[i], line = nextWord(line)
		}
		inode, ok := linkInode(words[3], "net:")
		if !ok || len(words[4]) == 0 || seen[inode] || mountType(line) != "nsfs" {
			continue
		}
		seen[inode] = true
		bound = append(bound, BoundNamespace{inode, unoctal(string(words[4]))})
	}
	return bound
}

// mountType is the type of a file system, after the optional fields and a dash.
func mountType(line []byte) string {
	for len(line) > 0 {
		var word []byte
		if word, line = nextWord(line); string(word) == "-" {
			word, _ = nextWord(line)
			return string(word)
		}
	}
	return ""
}

// unoctal undoes the kernel's escapes for blanks in paths: "\040"
// (mangle_path in fs/seq_file.c).
func unoctal(path string) string {
	if !strings.Contains(path, `\`) {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if i+3 < len(path) && path[i] == '\\' && path[i+1] <= '3' && isOctal(path[i+1]) && isOctal(path[i+2]) && isOctal(path[i+3]) {
			b.WriteByte((path[i+1]-'0')<<6 | (path[i+2]-'0')<<3 | (path[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

func isOctal(c byte) bool { return '0' <= c && c <= '7' }

func cutLine(text []byte) (line, rest []byte) {
	for i, c := range text {
		if c == '\n' {
			return text[:i], text[i+1:]
		}
	}
	return text, nil
}
