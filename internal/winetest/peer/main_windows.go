// Command peer is the program whose traffic sniffid identifies under Wine: a
// server, a client, or a Windows service that is a client.
//
//	peer stay                      do nothing
//	peer serve HOST:PORT           serve HTTP
//	peer fetch HOST:PORT           fetch a page of it, and keep the connection
//	peer datagram HOST:PORT        send a datagram, and keep the socket
//	peer install NAME HOST:PORT    install a service that speaks SMTP, and start it
//	peer remove NAME               stop the service, and delete it
//
// All but remove write a line "ready PID ADDRESS", where ADDRESS is the local end
// of what they opened or "-", and go on until standard input ends; install ends at
// once.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "stay":
		ready(os.Getpid(), "-")
		return stay()
	case len(args) == 2 && args[0] == "serve":
		return serve(args[1])
	case len(args) == 2 && args[0] == "fetch":
		return fetch(args[1])
	case len(args) == 2 && args[0] == "datagram":
		return datagram(args[1])
	case len(args) == 3 && args[0] == "install":
		return install(args[1], args[2])
	case len(args) == 2 && args[0] == "remove":
		return remove(args[1])
	case len(args) == 3 && args[0] == "service":
		return service(args[1], args[2])
	}
	return errors.New("see the comment of its source for its arguments")
}

// ready tells the test that it can go on.
func ready(pid int, local any) { fmt.Println("ready", pid, local) }

// stay waits until the test has seen enough.
func stay() error {
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func serve(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	ready(os.Getpid(), l.Addr())
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintln(w, "served on Windows")
		}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	go server.Serve(l)
	err = stay()
	return errors.Join(err, server.Close())
}

func fetch(address string) error {
	var local net.Addr
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil {
			local = c.LocalAddr()
		}
		return c, err
	}
	client := http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get("http://" + address + "/")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	ready(os.Getpid(), local)
	return stay()
}

// datagram does without package net, which needs a socket option that Wine 8
// does not know.
func datagram(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	var data windows.WSAData
	if err := windows.WSAStartup(0x202, &data); err != nil {
		return err
	}
	defer windows.WSACleanup()
	s, err := windows.Socket(windows.AF_INET, windows.SOCK_DGRAM, windows.IPPROTO_UDP)
	if err != nil {
		return err
	}
	defer windows.Closesocket(s)
	if err := windows.Bind(s, &windows.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	payload := []byte("from Windows")
	buffer := windows.WSABuf{Len: uint32(len(payload)), Buf: &payload[0]}
	var sent uint32
	err = windows.WSASendto(s, &buffer, 1, &sent, 0, &windows.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}, nil, nil)
	if err != nil {
		return err
	}
	bound, err := windows.Getsockname(s)
	if err != nil {
		return err
	}
	local, ok := bound.(*windows.SockaddrInet4)
	if !ok {
		return fmt.Errorf("the socket is bound to a %T", bound)
	}
	ready(os.Getpid(), netip.AddrPortFrom(netip.AddrFrom4(local.Addr), uint16(local.Port)))
	return stay()
}
