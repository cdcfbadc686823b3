package dcerpc

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// uuid is a UUID in the order in which it is written.
type uuid [16]byte

// readUUID reads a UUID whose three integer fields are in the given order (C706
// appendix A). b has at least 16 bytes.
func readUUID(b []byte, order binary.ByteOrder) uuid {
	var u uuid
	binary.BigEndian.PutUint32(u[0:], order.Uint32(b))
	binary.BigEndian.PutUint16(u[4:], order.Uint16(b[4:]))
	binary.BigEndian.PutUint16(u[6:], order.Uint16(b[6:]))
	copy(u[8:], b[8:16])
	return u
}

// parseUUID reads the written form, with or without hyphens.
func parseUUID(s string) (uuid, error) {
	var u uuid
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != len(u) {
		return u, fmt.Errorf("%q is no UUID", s)
	}
	return uuid(b), nil
}

func (u uuid) String() string {
	s := hex.EncodeToString(u[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// mustUUID is parseUUID for the constants of this package.
func mustUUID(s string) uuid {
	u, err := parseUUID(s)
	if err != nil {
		panic(err)
	}
	return u
}
