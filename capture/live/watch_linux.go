package live

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"golang.org/x/sys/unix"
)

// newWatch subscribes to the kernel's news of interfaces, before it returns
// (RTM_NEWLINK, RTM_DELLINK; rtnetlink(7)). The function that it returns calls changed
// whenever there are some, until stop is closed. Where there is no netlink it looks
// once a second.
func newWatch(log *slog.Logger) func(stop <-chan struct{}, changed func(), log *slog.Logger) {
	f, err := linkSocket()
	if err != nil {
		log.Warn("no news of interfaces, looking once a second", "err", err)
		return func(stop <-chan struct{}, changed func(), _ *slog.Logger) { pollInterfaces(stop, changed) }
	}
	return func(stop <-chan struct{}, changed func(), log *slog.Logger) { watchInterfaces(f, stop, changed, log) }
}

// watchInterfaces calls changed whenever there is news on a socket, and closes it.
func watchInterfaces(f *os.File, stop <-chan struct{}, changed func(), log *slog.Logger) {
	done := make(chan struct{})
	defer func() { <-done }()
	go func() {
		defer close(done)
		<-stop
		f.Close() // ends the read
	}()
	// What changed is read from the list of interfaces, not from the messages:
	// these can be lost (ENOBUFS), and are only a signal then too.
	message := make([]byte, os.Getpagesize())
	for {
		if _, err := f.Read(message); err != nil && !errors.Is(err, unix.ENOBUFS) {
			select {
			case <-stop:
			default:
				log.Warn("no more news of interfaces, looking once a second", "err", err)
				pollInterfaces(stop, changed)
			}
			return
		}
		changed()
	}
}

// linkSocket subscribes to the kernel's news of interfaces.
func linkSocket() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open netlink socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_LINK}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("subscribe to interfaces: %w", err)
	}
	return os.NewFile(uintptr(fd), "netlink"), nil
}
