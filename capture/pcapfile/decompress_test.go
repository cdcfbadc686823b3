package pcapfile

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/sniffid/sniffid/capture"
)

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func zstded(t *testing.T, b []byte) []byte {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	return z.EncodeAll(b, nil)
}

func TestCompressed(t *testing.T) {
	plain := header(le, magicMicro, 4, 65535, 1)
	for i := range 1000 {
		plain = append(plain, record(le, uint32(i), 0, 400, strings.Repeat(string(rune('a'+i%26)), 400))...)
	}
	want, _ := readAll(open(t, plain))
	half := len(plain) / 2
	skippable := []byte{0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3}
	files := map[string][]byte{
		"gzip":                   gzipped(plain),
		"gzip members":           concat(gzipped(plain[:half]), gzipped(plain[half:])),
		"zstd":                   zstded(t, plain),
		"zstd frames":            concat(zstded(t, plain[:half]), skippable, zstded(t, plain[half:])),
		"zstd, first skippable":  concat(skippable, zstded(t, plain)),
		"gzip, member per 97 kB": nil,
	}
	for b := plain; len(b) > 0; b = b[min(97_000, len(b)):] {
		files["gzip, member per 97 kB"] = append(files["gzip, member per 97 kB"], gzipped(b[:min(97_000, len(b))])...)
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			got, err := readAll(open(t, file))
			if err != io.EOF {
				t.Errorf("ended with %v", err)
			}
			diff(t, want, got)
		})
		t.Run(name+", cut", func(t *testing.T) {
			for _, missing := range []int{1, 5, len(file) / 3} {
				got, err := readAll(open(t, file[:len(file)-missing]))
				var damage *capture.DamageError
				if !errors.As(err, &damage) {
					t.Fatalf("ended with %v", err)
				}
				if at := int64(24 + len(got)*416); damage.Offset != at {
					t.Errorf("%d missing: damaged at %d, want %d of the plain file", missing, damage.Offset, at)
				}
				diff(t, want[:len(got)], got)
			}
		})
	}
}
