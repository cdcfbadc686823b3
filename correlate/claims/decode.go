package claims

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

// decode turns a saved console listing into UTF-8: by its byte order mark; by
// the zero bytes of UTF-16 without one (a redirection in PowerShell 5 has the
// mark, "cmd /u" has not); as UTF-8 if it is valid; else as CP932, in which
// the rows of other single-byte code pages keep their ASCII.
func decode(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return string(bytes.ToValidUTF8(data[3:], []byte("\ufffd")))
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return convert(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), data)
	case looksUTF16(data, 1):
		return convert(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), data)
	case looksUTF16(data, 0):
		return convert(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), data)
	case utf8.Valid(data):
		return string(data)
	default:
		return convert(japanese.ShiftJIS, data)
	}
}

// looksUTF16 reports whether most bytes at odd (1) or even (0) offsets of the
// start are zero and the others are not: ASCII in UTF-16.
func looksUTF16(data []byte, parity int) bool {
	head := data[:min(len(data), 512)]
	zeros := [2]int{}
	for i, b := range head {
		if b == 0 {
			zeros[i&1]++
		}
	}
	return len(head) >= 4 && zeros[parity] > len(head)/4 && zeros[1-parity] == 0
}

// convert decodes what it can; x/text puts U+FFFD for what it cannot.
func convert(e encoding.Encoding, data []byte) string {
	text, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return string(bytes.ToValidUTF8(data, []byte("\ufffd")))
	}
	return string(text)
}
