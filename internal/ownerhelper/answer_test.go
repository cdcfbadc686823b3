package ownerhelper

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sniffid/sniffid/correlate/owner"
)

// fill sets every field of a structure to something of its own, so that a field that
// is not carried over is found.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d \xff", *n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint64:
		v.SetUint(1<<40 + uint64(*n))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n)
		}
	case reflect.Pointer:
		if *n < 60 { // processes have parents
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic(v.Kind())
	}
}

func filled() (o owner.Owner) {
	n := 0
	fill(reflect.ValueOf(&o).Elem(), &n)
	return o
}

func TestOwner(t *testing.T) {
	for _, want := range []owner.Owner{{}, {Reason: owner.NotLocal}, filled()} {
		d := decoder{b: ownerAnswer(&want)}
		got := d.owner()
		if err := d.done(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSocket(t *testing.T) {
	for _, want := range []owner.Socket{
		{},
		{Transport: "tcp", Local: netip.MustParseAddrPort("127.0.0.1:80"), State: "LISTENING", NetNS: 7, Owner: filled()},
		{Transport: "udp", Local: netip.MustParseAddrPort("[fe80::1%eth0]:53"), Remote: netip.MustParseAddrPort("[::ffff:192.0.2.1]:9")},
	} {
		d := decoder{b: socketAnswer(&want)}
		got := d.socket()
		if err := d.done(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
			t.Error(diff)
		}
	}
}

// What does not fit into an answer is cut, and the process is still named.
func TestTooMuch(t *testing.T) {
	o := owner.Owner{PID: 42, Name: "name", Quality: owner.Exact, CommandLine: strings.Repeat("x", 2*maxAnswer)}
	b := ownerAnswer(&o)
	d := decoder{b: b}
	if got := d.owner(); len(b) > maxAnswer || got.PID != 42 || got.Name != "name" || got.CommandLine != "" {
		t.Errorf("%d bytes: %+v", len(b), got)
	}
	if _, err := readAnswer(bytes.NewReader([]byte{0, 1, 0, 1}), nil); !errors.Is(err, errAnswer) {
		t.Errorf("an answer of 65,537 bytes: %v", err)
	}
}

// Whatever comes instead of an answer is an error, or an owner.
func TestDamagedAnswers(t *testing.T) {
	o := filled()
	whole := ownerAnswer(&o)
	for i := range whole {
		d := decoder{b: whole[:i]}
		if d.owner(); d.done() == nil {
			t.Errorf("the first %d bytes of %d are an answer", i, len(whole))
		}
		for _, value := range []byte{0, 0x7f, 0xff} {
			damaged := bytes.Clone(whole)
			damaged[i] = value
			d := decoder{b: damaged}
			d.owner()
			_ = d.done()
		}
	}
}

func FuzzAnswer(f *testing.F) {
	o := filled()
	f.Add(ownerAnswer(&o))
	f.Add(socketAnswer(&owner.Socket{Transport: "tcp"}))
	f.Fuzz(func(_ *testing.T, b []byte) {
		d := decoder{b: b}
		d.owner()
		d = decoder{b: b}
		d.socket()
		_ = d.done()
	})
}

func FuzzQuestion(f *testing.F) {
	var b [questionSize]byte
	putQuestion(&b, askLookup, &owner.Query{Transport: "tcp", Local: netip.MustParseAddrPort("127.0.0.1:80"), Time: time.Unix(7, 7)})
	f.Add(b[:])
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) != questionSize {
			return
		}
		k, q, err := readQuestion((*[questionSize]byte)(b))
		if err != nil {
			return
		}
		var again [questionSize]byte
		putQuestion(&again, k, &q)
		k2, q2, err := readQuestion(&again)
		if err != nil || k2 != k || q2 != q {
			t.Errorf("%v, %+v, %v; first %v, %+v", k2, q2, err, k, q)
		}
	})
}

func TestQuestion(t *testing.T) {
	for _, want := range []owner.Query{
		{},
		{Transport: "icmpv6", Local: netip.MustParseAddrPort("[2001:db8::1]:0"), Remote: netip.MustParseAddrPort("[2001:db8::2]:0"), ID: 77, Answers: true},
		{Transport: "tcp", Local: netip.MustParseAddrPort("192.0.2.1:80"), Remote: netip.MustParseAddrPort("192.0.2.2:50000"), Time: time.Unix(1, 999_999_999)},
		{Transport: "udp", Local: netip.MustParseAddrPort("[::ffff:192.0.2.1]:80")},
	} {
		var b [questionSize]byte
		putQuestion(&b, askLookup, &want)
		k, got, err := readQuestion(&b)
		if err != nil || k != askLookup || got != want {
			t.Errorf("%v, %v: %+v, want %+v", k, err, got, want)
		}
	}
	var b [questionSize]byte
	for _, damage := range []func(){
		func() { b[atKind] = 0 }, func() { b[atKind] = 9 }, func() { b[atFlags] = 0x80 }, func() { b[atFamilies+1] = 5 },
	} {
		putQuestion(&b, askLookup, &owner.Query{})
		damage()
		if _, _, err := readQuestion(&b); err == nil {
			t.Errorf("% x is a question", b[:16])
		}
	}
}
