package dissect

import (
	"fmt"
	"strconv"
	"strings"
)

// Carrier names what a lower layer carries by that layer's own demultiplexing
// number: an EtherType, an IP protocol number. The zero value names nothing.
type Carrier struct {
	Field  string // "eth", "llc", "snap", "ppp", "ip"
	Number uint64
}

// carrierField describes one kind of number.
type carrierField struct {
	name    string
	decimal bool
	bits    int // of the number
	proof   int // what it counts for as evidence, in bits
}

// A SNAP identifier counts no more than the EtherType that it stands for.
var carrierFields = [...]carrierField{
	{"eth", false, 16, 16},
	{"llc", false, 8, 8},
	{"snap", false, 40, 16},
	{"ppp", false, 16, 16},
	{"ip", true, 8, 8},
}

func carrierFieldOf(name string) *carrierField {
	for i := range carrierFields {
		if carrierFields[i].name == name {
			return &carrierFields[i]
		}
	}
	return nil
}

// ParseCarrier reads "eth/0x88cc", "llc/0x42", "snap/0x00000c2000",
// "ppp/0xc021" or "ip/89".
func ParseCarrier(s string) (Carrier, error) {
	name, number, ok := strings.Cut(s, "/")
	f := carrierFieldOf(name)
	if !ok || f == nil {
		return Carrier{}, fmt.Errorf("%q is not like eth/0x88cc, llc/0x42, snap/0x00000c2000, ppp/0xc021 or ip/89", s)
	}
	n, err := strconv.ParseUint(number, 0, f.bits)
	if err != nil {
		return Carrier{}, fmt.Errorf("%q: the number of %s has %d bits", s, name, f.bits)
	}
	return Carrier{name, n}, nil
}

// String writes the carrier as the Over of a [Protocol] has it; "" for none.
func (c Carrier) String() string {
	f := carrierFieldOf(c.Field)
	switch {
	case f == nil:
		return ""
	case f.decimal:
		return fmt.Sprintf("%s/%d", c.Field, c.Number)
	}
	return c.Field + "/" + c.Hex()
}

// Hex writes the number in hex, as wide as the field is.
func (c Carrier) Hex() string {
	f := carrierFieldOf(c.Field)
	if f == nil {
		return ""
	}
	return fmt.Sprintf("0x%0*x", f.bits/4, c.Number)
}

// Bits is what the number counts for as evidence: whoever sent the message has
// written it, and a message of another protocol has another.
func (c Carrier) Bits() int {
	if f := carrierFieldOf(c.Field); f != nil {
		return f.proof
	}
	return 0
}
