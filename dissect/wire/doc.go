// Package wire holds what several protocol parsers share: a [Cursor] that
// cannot overrun, and the TLS handshake structures that TLS, QUIC and DTLS have
// in common, with the JA4 fingerprint of a client, and the names in security
// tokens of GSS-API.
//
// Everything here reads bytes that nobody vouches for, from captures that may
// have been cut anywhere. A structure that is cut is not wrong: [State] keeps
// the two apart. Results never alias the input unless they say so.
package wire
