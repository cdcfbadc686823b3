package wintable

import (
	"slices"
	"strconv"
	"strings"
)

// PrefixPort is the port that a URL prefix of HTTP.sys is for, as
// "http://+:5985/wsman/" ("UrlPrefix Strings", HTTP Server API). false: it is none.
func PrefixPort(prefix string) (uint16, bool) {
	scheme, rest, found := strings.Cut(prefix, "://")
	if !found || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return 0, false
	}
	host, _, found := strings.Cut(rest, "/")
	if !found {
		return 0, false
	}
	at := strings.LastIndexByte(host, ':')
	if at < 1 {
		return 0, false
	}
	// The host's address may stand behind the port: "http://www.example.com:80:169.254.0.1/".
	if first := strings.IndexByte(host, ':'); first != at && !strings.HasPrefix(host, "[") {
		host = host[:at]
		at = first
	}
	port, err := strconv.ParseUint(host[at+1:], 10, 16)
	return uint16(port), err == nil && port != 0
}

// ByPort sorts URL prefixes by their port; what is no prefix is left out.
func ByPort(prefixes []string) map[uint16][]string {
	m := map[uint16][]string{}
	for _, prefix := range prefixes {
		if port, ok := PrefixPort(prefix); ok && !slices.Contains(m[port], prefix) {
			m[port] = append(m[port], prefix)
		}
	}
	return m
}
