//go:build cgo && !linux && !windows

package live

// interfaceCounters are Linux's; elsewhere libpcap asks the kernel.
type interfaceCounters struct{}

func openInterfaceCounters(string) *interfaceCounters { return nil }

func (*interfaceCounters) dropped(libpcap uint64) uint64 { return libpcap }

func (*interfaceCounters) close() {}
