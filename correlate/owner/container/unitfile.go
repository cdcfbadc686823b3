package container

import "strings"

// assignments calls each for every assignment in one section of a unit file
// (systemd.syntax(7)): sections in brackets, "key=value" with blanks around both
// cut, comments that begin with "#" or ";", and lines that go on after a final
// backslash, comments between them left out. An empty value resets what was
// assigned before; that is for each to do.
func assignments(text []byte, section string, each func(key, value string)) {
	inside := false
	begun := "" // the line so far
	continued := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		trimmed := strings.TrimLeft(line, " \t")
		if trimmed != "" && (trimmed[0] == '#' || trimmed[0] == ';') {
			continue
		}
		if continued {
			line = begun + " " + trimmed
		}
		begun, continued = strings.CutSuffix(line, `\`)
		if continued && len(begun) < maxUnitFile {
			continue
		}
		inside = assignment(line, section, inside, each)
		begun, continued = "", false
	}
	if continued {
		assignment(begun, section, inside, each)
	}
}

// assignment reads a whole line, and reports whether what follows is in the
// section.
func assignment(line, section string, inside bool, each func(key, value string)) bool {
	line = strings.TrimSpace(line)
	if name, ok := strings.CutPrefix(line, "["); ok {
		name, ok = strings.CutSuffix(name, "]")
		return ok && name == section
	}
	if key, value, ok := strings.Cut(line, "="); ok && inside {
		each(strings.TrimSpace(key), strings.TrimSpace(value))
	}
	return inside
}

// isTrue reads a boolean as systemd does (systemd.syntax(7)).
func isTrue(value string) bool {
	switch strings.ToLower(value) {
	case "1", "yes", "y", "true", "t", "on":
		return true
	}
	return false
}

// unitName is a unit's name in its parts: "prefix@instance.kind". A template has
// an empty instance and isInstance set.
type unitName struct {
	prefix, instance, kind string
	isInstance             bool
}

func splitUnit(name string) unitName {
	var u unitName
	base := name
	if at := strings.LastIndexByte(name, '.'); at >= 0 {
		base, u.kind = name[:at], name[at:]
	}
	u.prefix, u.instance, u.isInstance = strings.Cut(base, "@")
	return u
}

// template is the name of the template that an instance is made from.
func (u unitName) template() string { return u.prefix + "@" + u.kind }

// otherSpecifiers are the specifiers of systemd.unit(5) that a unit's name does not
// tell.
const otherSpecifiers = "aAbBCdDEfFgGhHjJlLmMoqrRsStTuUvVwWyY"

// expand replaces the specifiers of systemd.unit(5) that can be known from the
// name. ok is false where there are others.
func (u unitName) expand(text string) (expanded string, ok bool) {
	if !strings.Contains(text, "%") {
		return text, true
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b.WriteByte(text[i])
			continue
		}
		if i++; i == len(text) {
			return "", false
		}
		switch text[i] {
		case '%':
			b.WriteByte('%')
		case 'i':
			b.WriteString(u.instance)
		case 'I':
			b.WriteString(unescape(u.instance))
		case 'p':
			b.WriteString(u.prefix)
		case 'P':
			b.WriteString(unescape(u.prefix))
		case 'n', 'N':
			b.WriteString(u.prefix)
			if u.isInstance {
				b.WriteString("@" + u.instance)
			}
			if text[i] == 'n' {
				b.WriteString(u.kind)
			}
		default:
			if strings.IndexByte(otherSpecifiers, text[i]) >= 0 {
				return "", false
			}
			b.WriteString(text[i-1 : i+1]) // none: "[fe80::1]:80%eth0"
		}
	}
	return b.String(), true
}

// unescape undoes the escapes of unit names: "-" stands for "/", "\x2d" for the
// byte with that number.
func unescape(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		switch {
		case name[i] == '-':
			b.WriteByte('/')
		case name[i] == '\\' && i+3 < len(name) && name[i+1] == 'x' && isHex(name[i+2]) && isHex(name[i+3]):
			b.WriteByte(hex(name[i+2])<<4 | hex(name[i+3]))
			i += 3
		default:
			b.WriteByte(name[i])
		}
	}
	return b.String()
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

func hex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
