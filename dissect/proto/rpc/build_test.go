package rpc

import (
	"encoding/binary"
	"slices"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/flow"
)

const (
	client = flow.FromClient
	server = flow.FromServer
)

// words makes XDR of integers, strings and lists of groups.
func words(values ...any) []byte {
	var b []byte
	for _, v := range values {
		switch v := v.(type) {
		case int:
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		case string:
			b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
			b = append(b, v...)
			b = append(b, make([]byte, -len(v)&3)...)
		case []byte:
			b = append(b, v...)
		}
	}
	return b
}

// noAuth is a credential or verifier without contents.
var noAuth = words(0, 0)

func sysAuth(machine string, groups ...int) []byte {
	body := words(7, machine, 1000, 1000, len(groups))
	for _, g := range groups {
		body = append(body, words(g)...)
	}
	return words(authSys, len(body), body)
}

func callOf(xid, program, version, procedure int, cred []byte, arguments ...any) []byte {
	return slices.Concat(words(xid, typeCall, rpcVersion, program, version, procedure), cred, noAuth, words(arguments...))
}

func replyTo(xid int, results ...any) []byte {
	return slices.Concat(words(xid, typeReply, replyAccepted), noAuth, words(acceptSuccess), words(results...))
}

// recordOf puts marks before the message, which is cut at the given places.
func recordOf(message []byte, cuts ...int) []byte {
	var b []byte
	at := 0
	for _, end := range cuts {
		b = append(binary.BigEndian.AppendUint32(b, uint32(end-at)), message[at:end]...)
		at = end
	}
	return append(binary.BigEndian.AppendUint32(b, uint32(len(message)-at)|lastFlag), message[at:]...)
}

func edit(b []byte, at int, v ...byte) []byte {
	b = slices.Clone(b)
	copy(b[at:], v)
	return b
}

// datagram and stream make messages of what one end sent.
func datagram(from flow.Direction, b []byte) *dissect.Message {
	return &dissect.Message{Data: b, Size: len(b), Ended: true, From: from}
}

func stream(from flow.Direction, b []byte) *dissect.Message {
	return &dissect.Message{Data: b, Size: len(b), Open: true, From: from}
}
