package dns

import "strconv"

// The resource record types that are looked into; IANA, "Resource Record (RR)
// TYPEs".
const (
	typeA     = 1
	typeNS    = 2
	typeCNAME = 5
	typeSOA   = 6
	typePTR   = 12
	typeMX    = 15
	typeTXT   = 16
	typeAAAA  = 28
	typeSRV   = 33
	typeDNAME = 39
	typeOPT   = 41
	typeIXFR  = 251
)

// The types that NetBIOS names use, RFC 1002 §4.2.1.3; 33 is SRV elsewhere.
const (
	typeNULL   = 10
	typeNB     = 32
	typeNBSTAT = 33
)

// Verified bits of a type (some 500 of 65536) and a class (5 of 32768).
const (
	typeBits  = 7
	classBits = 12
)

// typeKnown reports whether a type is assigned, or meant for private use. The
// blocks are IANA's as of 2026, taken a little wider.
func typeKnown(t uint16) bool {
	return t >= 1 && t <= 109 || t == 128 || t >= 249 && t <= 263 ||
		t == 32768 || t == 32769 || t >= 65280 && t <= 65534
}

// typeName is the mnemonic of a type, or "TYPE" and its number, RFC 3597 §5.
func typeName(t uint16) string {
	switch t {
	case typeA:
		return "A"
	case typeNS:
		return "NS"
	case typeCNAME:
		return "CNAME"
	case typeSOA:
		return "SOA"
	case typePTR:
		return "PTR"
	case 13:
		return "HINFO"
	case typeMX:
		return "MX"
	case typeTXT:
		return "TXT"
	case typeAAAA:
		return "AAAA"
	case 29:
		return "LOC"
	case typeSRV:
		return "SRV"
	case 35:
		return "NAPTR"
	case typeDNAME:
		return "DNAME"
	case 43:
		return "DS"
	case 46:
		return "RRSIG"
	case 47:
		return "NSEC"
	case 48:
		return "DNSKEY"
	case 50:
		return "NSEC3"
	case 52:
		return "TLSA"
	case 64:
		return "SVCB"
	case 65:
		return "HTTPS"
	case 249:
		return "TKEY"
	case 250:
		return "TSIG"
	case typeIXFR:
		return "IXFR"
	case 252:
		return "AXFR"
	case 255:
		return "ANY"
	case 257:
		return "CAA"
	}
	return "TYPE" + strconv.Itoa(int(t))
}

// rcodeName is the mnemonic of a response code, RFC 6895 §2.3.
func rcodeName(code int) string {
	names := [...]string{
		"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
		"YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE", "DSOTYPENI",
	}
	if code < len(names) {
		return names[code]
	}
	return strconv.Itoa(code)
}
