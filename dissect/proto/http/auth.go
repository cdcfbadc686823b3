package http

import (
	"bytes"
	"encoding/base64"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/wire"
)

// maxToken bounds the credentials that are decoded, in bytes of Base64.
const maxToken = 4 << 10

// describeAuth reports the names in credentials or a challenge: the user of
// Basic (RFC 7617 §2) and Digest (RFC 7616 §3.4), and what NTLM says (RFC 4559
// §4). Passwords and hashes are left out. Unlike the other attributes these come
// with later messages.
func describeAuth(r *dissect.Report, h *head) {
	if len(h.auth) == 0 || len(h.auth) > maxToken {
		return
	}
	scheme, rest, _ := bytes.Cut(h.auth, []byte(" "))
	rest = bytes.TrimSpace(rest)
	switch {
	case fold(scheme, "ntlm"), fold(scheme, "negotiate"):
		wire.GSSAPI(decode(rest), r.Attribute)
	case fold(scheme, "basic"):
		if user, _, ok := bytes.Cut(decode(rest), []byte(":")); ok {
			r.Attribute("http.auth.username", text(user, maxValue))
		}
	case fold(scheme, "digest"):
		if _, after, ok := bytes.Cut(rest, []byte(`username="`)); ok {
			user, _, _ := bytes.Cut(after, []byte(`"`))
			r.Attribute("http.auth.username", text(user, maxValue))
		}
	}
}

func decode(b []byte) []byte {
	out, err := base64.StdEncoding.AppendDecode(nil, b)
	if err != nil {
		return nil
	}
	return out
}

// setAuth keeps credentials, or the one challenge of several that has a token.
func (h *head) setAuth(value []byte) {
	if bytes.IndexByte(value, ' ') >= 0 {
		keep(&h.auth, value)
	}
}
