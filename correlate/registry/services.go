package registry

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a services file; what exceeds them is skipped and counted.
const (
	maxServicesLine    = 4096    // bytes
	maxServicesEntries = 1 << 17 // twice all port numbers
)

// parseServices reads lines of the form "name port/transport alias… # comment"
// (services(5); the file of Windows has the same form). Aliases are not names of
// their own right and are left out.
func parseServices(r io.Reader) (map[endpoint][]string, int, error) {
	services := map[endpoint][]string{}
	entries, skipped := 0, 0
	br := bufio.NewReaderSize(r, maxServicesLine)
	for {
		line, err := br.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			skipped++
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = br.ReadSlice('\n')
			}
		} else if text, _, _ := strings.Cut(string(line), "#"); strings.TrimSpace(text) != "" {
			name, key, ok := parseService(text)
			if ok && entries < maxServicesEntries {
				entries++
				if !slices.Contains(services[key], name) {
					services[key] = append(services[key], name)
				}
			} else {
				skipped++
			}
		}
		if err == io.EOF {
			return services, skipped, nil
		}
		if err != nil {
			return services, skipped, err
		}
	}
}

func parseService(text string) (name string, key endpoint, ok bool) {
	fields := strings.Fields(strings.TrimPrefix(text, "\ufeff"))
	if len(fields) < 2 {
		return "", endpoint{}, false
	}
	number, transport, found := strings.Cut(fields[1], "/")
	port, err := strconv.ParseUint(number, 10, 16)
	if !found || err != nil || port == 0 || transport == "" {
		return "", endpoint{}, false
	}
	return fields[0], endpoint{strings.ToLower(transport), uint16(port)}, true
}
