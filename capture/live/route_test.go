package live

import (
	"strings"
	"testing"
)

func TestDefaultRoute(t *testing.T) {
	const head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	tests := []struct{ name, table, want string }{
		{"empty", "", ""},
		{"head only", head, ""},
		{"one", head + "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\neth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", "eth0"},
		{"lowest metric", head + "wlan0\t00000000\t01\t0003\t0\t0\t600\t00000000\t0\t0\t0\neth0\t00000000\t01\t0003\t0\t0\t100\t00000000\t0\t0\t0\n", "eth0"},
		{"no default", head + "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", ""},
		{"half of the Internet is no default", head + "tun0\t00000000\t01\t0003\t0\t0\t0\t00000080\t0\t0\t0\n", ""},
		{"rejecting", head + "eth0\t00000000\t01\t0203\t0\t0\t0\t00000000\t0\t0\t0\n", ""},
		{"down", head + "eth0\t00000000\t01\t0002\t0\t0\t0\t00000000\t0\t0\t0\n", ""},
		{"damaged", head + "eth0\t00000000\t01\tzz\t0\t0\tx\t00000000\n\n\x00\neth1", ""},
	}
	for _, tt := range tests {
		if got := defaultRoute(strings.NewReader(tt.table)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestDefaultRoute6(t *testing.T) {
	const zero = "00000000000000000000000000000000"
	const gateway = "fe800000000000000000000000000001"
	tests := []struct{ name, table, want string }{
		{"empty", "", ""},
		{"one", zero + " 00 " + zero + " 00 " + gateway + " 00000400 00000001 00000000 00000003     eth0\n", "eth0"},
		{"the rejecting one of every table", zero + " 00 " + zero + " 00 " + zero + " ffffffff 00000001 00000000 00200200       lo\n", ""},
		{"a network", "20010db8000000000000000000000000 40 " + zero + " 00 " + zero + " 00000100 00000001 00000000 00000001     eth0\n", ""},
	}
	for _, tt := range tests {
		if got := defaultRoute6(strings.NewReader(tt.table)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
