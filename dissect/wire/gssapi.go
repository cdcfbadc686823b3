package wire

import "bytes"

// GSSAPI looks for a security token in data, bare or wrapped in SPNEGO, and
// hands the names in it to attribute, under Wireshark's names: those of an
// NTLMSSP message, or the service of the Kerberos ticket in an AP-REQ. What is
// secret in them is left out.
func GSSAPI(data []byte, attribute func(name, value string)) {
	if at := bytes.Index(data, []byte(ntlmSignature)); at >= 0 {
		readNTLM(data[at:], attribute)
		return
	}
	// RFC 4121 §4.1: the mechanism's identifier, then the token's, 01 00 of
	// AP-REQ. Without that header, as in DCE style, AP-REQ comes first.
	if at := bytes.Index(data, []byte("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00\x6e")); at >= 0 {
		readAPReq(data[at+11:], attribute)
	} else if len(data) > 0 && data[0] == 0x6e {
		readAPReq(data, attribute)
	}
}

// readAPReq reads the ticket of an AP-REQ (RFC 4120 §5.5.1, §5.3).
func readAPReq(b []byte, attribute func(name, value string)) {
	b, _ = element(b, 0x6e)
	b, _ = element(b, 0x30)
	for _, tag := range [...]byte{0xa0, 0xa1, 0xa2} { // version, type, options
		_, b = element(b, tag)
	}
	for _, tag := range [...]byte{0xa3, 0x61, 0x30} {
		b, _ = element(b, tag)
	}
	_, b = element(b, 0xa0) // version
	realm, b := element(b, 0xa1)
	realm, _ = element(realm, 0x1b)
	name, _ := element(b, 0xa2)
	name, _ = element(name, 0x30)
	_, name = element(name, 0xa0) // type
	name, _ = element(name, 0xa1)
	name, _ = element(name, 0x30)
	var parts []byte
	for range 4 {
		var part []byte
		if part, name = element(name, 0x1b); part == nil {
			break
		}
		if parts != nil {
			parts = append(parts, '/')
		}
		parts = append(parts, part...)
	}
	if len(realm) > maxNTLMName || len(parts) > maxNTLMName {
		return
	}
	attribute("kerberos.realm", Printable(realm))
	attribute("kerberos.sname", Printable(parts))
}

// element returns the contents of the DER element of that tag, of which the end
// may be cut, and what follows; nil if another element is there.
func element(b []byte, tag byte) (contents, rest []byte) {
	if len(b) < 2 || b[0] != tag {
		return nil, nil
	}
	n, b := int(b[1]), b[2:]
	if n >= 0x80 {
		size := n & 0x7f
		if size == 0 || size > 3 || len(b) < size {
			return nil, nil
		}
		n = 0
		for _, c := range b[:size] {
			n = n<<8 | int(c)
		}
		b = b[size:]
	}
	n = min(n, len(b))
	return b[:n:n], b[n:]
}
