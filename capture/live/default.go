package live

import "errors"

// DefaultInterface returns the name of the interface that the default route
// leads to; where that cannot be told, of the first interface that is up and no
// loopback.
func DefaultInterface() (string, error) {
	if name, ok := routedInterface(); ok {
		return name, nil
	}
	devices, err := Interfaces()
	if err != nil {
		return "", err
	}
	for _, d := range devices {
		if d.Up && !d.Loopback && len(d.Addresses) > 0 {
			return d.Name, nil
		}
	}
	return "", errors.New("no interface is up but the loopback; name one with -i (-D lists them)")
}
