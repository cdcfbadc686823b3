package wire

import (
	"crypto/x509"
	"strings"
	"unicode"
)

// maxCertificateNames bounds how many subject alternative names are kept.
const maxCertificateNames = 16

// CertificateNames are the names that a server claims. Nothing about them was
// verified: neither signatures nor dates nor a chain.
type CertificateNames struct {
	CommonName string
	DNSNames   []string // at most 16
}

// ParseCertificate reads the names of the first certificate of a Certificate
// message up to TLS 1.2, RFC 5246 §7.4.2; ok says that the message's lengths fit.
func ParseCertificate(c *Cursor) (names CertificateNames, ok bool) {
	n := int(c.U24())
	c.Require(n == c.Left())
	if n == 0 {
		return names, c.OK()
	}
	der := c.Bytes(int(c.U24()))
	if !c.OK() {
		return names, false
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return names, true // a malformed certificate is still one
	}
	names.CommonName = printableWords(certificate.Subject.CommonName)
	for _, name := range certificate.DNSNames {
		if name = Printable([]byte(name)); name != "" && len(names.DNSNames) < maxCertificateNames {
			names.DNSNames = append(names.DNSNames, name)
		}
	}
	return names, true
}

// Describe reports the names as tls.cert.cn and tls.cert.names.
func (n *CertificateNames) Describe(attribute func(name, value string)) {
	attribute("tls.cert.cn", n.CommonName)
	attribute("tls.cert.names", strings.Join(n.DNSNames, ","))
}

// printableWords returns s if all of it can be shown, else "".
func printableWords(s string) string {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return ""
		}
	}
	return s
}
