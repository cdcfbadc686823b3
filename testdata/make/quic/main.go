// Command quic is the QUIC server and client of the captures: HTTP/3, and an
// echo under a protocol name of its own.
//
//	quic serve ADDRESS CERTIFICATE KEY [retry]
//	quic get 1|2 h3|echo ADDRESS
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

const (
	serverName = "server.example"
	echo       = "echo" // the ALPN name of the echo
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(args []string) error {
	switch {
	case len(args) >= 4 && args[0] == "serve":
		return serve(args[1], args[2], args[3], len(args) > 4 && args[4] == "retry")
	case len(args) == 4 && args[0] == "get":
		config := &quic.Config{Versions: []quic.Version{quic.Version1}}
		if args[1] == "2" {
			config.Versions[0] = quic.Version2
		}
		if args[2] == echo {
			return getEcho(args[3], config)
		}
		return getHTTP(args[3], config)
	}
	return errors.New("usage: quic serve ADDRESS CERTIFICATE KEY [retry] | quic get 1|2 h3|echo ADDRESS")
}

// serve answers HTTP/3 or echoes, as the client's ALPN asks. With retry set
// every client must prove its address first (RFC 9000 §8.1.2).
func serve(addr, certFile, keyFile string, retry bool) error {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return err
	}
	udp, err := net.ListenPacket("udp", addr)
	if err != nil {
		return err
	}
	transport := &quic.Transport{Conn: udp}
	if retry {
		transport.VerifySourceAddress = func(net.Addr) bool { return true }
	}
	listener, err := transport.Listen(&tls.Config{
		Certificates: []tls.Certificate{cert},
		NextProtos:   []string{http3.NextProtoH3, echo},
	}, &quic.Config{Versions: []quic.Version{quic.Version1, quic.Version2}})
	if err != nil {
		return err
	}
	web := &http3.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "<title>Hello</title>")
	})}
	for {
		conn, err := listener.Accept(context.Background())
		if err != nil {
			return err
		}
		if conn.ConnectionState().TLS.NegotiatedProtocol == echo {
			go echoStreams(conn)
			continue
		}
		go web.ServeQUICConn(conn)
	}
}

func echoStreams(conn *quic.Conn) {
	for {
		stream, err := conn.AcceptStream(context.Background())
		if err != nil {
			return // the client has closed the connection
		}
		go func() {
			defer stream.Close()
			if _, err := io.Copy(stream, stream); err != nil {
				log.Print(err)
			}
		}()
	}
}

func getHTTP(addr string, config *quic.Config) error {
	transport := &http3.Transport{
		TLSClientConfig: &tls.Config{ServerName: serverName, InsecureSkipVerify: true}, // a made-up certificate
		QUICConfig:      config,
	}
	defer transport.Close()
	response, err := (&http.Client{Transport: transport}).Get("https://" + addr + "/")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

func getEcho(addr string, config *quic.Config) error {
	ctx := context.Background()
	conn, err := quic.DialAddr(ctx, addr, &tls.Config{
		ServerName:         serverName,
		InsecureSkipVerify: true, // a made-up certificate
		NextProtos:         []string{echo},
	}, config)
	if err != nil {
		return err
	}
	stream, err := conn.OpenStreamSync(ctx)
	if err != nil {
		return err
	}
	if _, err := stream.Write([]byte("hello")); err != nil {
		return err
	}
	if err := stream.Close(); err != nil {
		return err
	}
	if _, err := io.ReadAll(stream); err != nil {
		return err
	}
	return conn.CloseWithError(0, "")
}
