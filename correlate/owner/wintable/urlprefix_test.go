package wintable

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPrefixPort(t *testing.T) {
	for prefix, want := range map[string]uint16{
		"http://+:5985/wsman/":                    5985,
		"http://*:5357/":                          5357,
		"https://+:443/sra_{BA195980-CD49-458b}/": 443,
		"http://www.example.com:80/":              80,
		"HTTP://[::1]:8080/x/":                    8080,
		"http://www.example.com:80:169.254.0.1/":  80,
		"http://+/":                               0,
		"http://+:0/":                             0,
		"http://+:70000/":                         0,
		"http://+:80":                             0,
		"http://:80/":                             0,
		"ftp://+:21/":                             0,
		"":                                        0,
	} {
		if got, ok := PrefixPort(prefix); got != want && ok || ok != (want != 0) {
			t.Errorf("%q: %d, %v, want %d", prefix, got, ok, want)
		}
	}
}

func TestByPort(t *testing.T) {
	got := ByPort([]string{"http://+:80/Temporary_Listen_Addresses/", "http://+:5985/wsman/", "nothing", "http://+:80/vpn/", "http://+:80/vpn/"})
	want := map[uint16][]string{80: {"http://+:80/Temporary_Listen_Addresses/", "http://+:80/vpn/"}, 5985: {"http://+:5985/wsman/"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func FuzzPrefixPort(f *testing.F) {
	f.Add("http://+:5985/wsman/")
	f.Add("http://www.example.com:80:169.254.0.1/")
	f.Fuzz(func(t *testing.T, prefix string) {
		if port, ok := PrefixPort(prefix); ok && port == 0 {
			t.Errorf("%q: port 0", prefix)
		}
	})
}
