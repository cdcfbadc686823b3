package pcapfile

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow bounds the memory that a frame header can ask for, in bytes. It
// is what the zstd tool itself accepts without being told otherwise.
const maxZstdWindow = 128 << 20

// decompress returns the plain stream behind head and r, and the name of the
// compression found ("" for none). Both formats may consist of several members
// or frames one after the other (RFC 1952 §2.2, RFC 8878 §3.1).
func decompress(head []byte, r io.Reader) (io.Reader, string, error) {
	whole := io.MultiReader(bytes.NewReader(head), r)
	switch {
	case isGzip(head):
		z, err := gzip.NewReader(bufio.NewReaderSize(whole, blockSize/4))
		if err != nil {
			return nil, "", fmt.Errorf("its gzip header: %w", err)
		}
		return z, "gzip", nil
	case isZstd(head):
		z, err := zstd.NewReader(whole,
			zstd.WithDecoderConcurrency(1), // no goroutine that would have to be ended
			zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, "", fmt.Errorf("its zstd header: %w", err)
		}
		return z, "zstd", nil
	}
	return whole, "", nil
}

// isGzip recognises a member (RFC 1952 §2.3.1).
func isGzip(head []byte) bool { return bytes.HasPrefix(head, []byte{0x1f, 0x8b}) }

// isZstd recognises a frame or a skippable frame (RFC 8878 §3.1.1, §3.1.2).
func isZstd(head []byte) bool {
	return bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}) ||
		len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], []byte{0x2a, 0x4d, 0x18})
}
