package rotate

import (
	"testing"
	"time"
)

func TestName(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, tt := range []struct {
		plan Plan
		n    uint64
		want string
	}{
		{Plan{Path: "x%d"}, 0, "x%d"},
		{Plan{Path: "x", Size: 1}, 0, "x"},
		{Plan{Path: "x", Size: 1}, 12, "x12"},
		{Plan{Path: "x", Size: 1, Count: 10}, 3, "x3"},
		{Plan{Path: "x", Size: 1, Count: 11}, 3, "x03"},
		{Plan{Path: "x", Size: 1, Count: 11}, 14, "x03"},
		{Plan{Path: "x-%Y%m%dT%H%M%S", Every: 1}, 0, "x-20260304T050607"},
		{Plan{Path: "%H/x-%M%%", Every: 1, Size: 1}, 2, "05/x-06%2"},
	} {
		if got := tt.plan.Name(tt.n, at); got != tt.want {
			t.Errorf("%+v, %d: %q, want %q", tt.plan, tt.n, got, tt.want)
		}
	}
}

func TestLate(t *testing.T) {
	p := Plan{Path: "x", Every: time.Minute}
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]bool{
		0: false, 59 * time.Second: false, time.Minute: true, 1000 * time.Hour: true,
		-59 * time.Second: false, -time.Hour: true, // the clock was set back
	} {
		if got := p.Late(begin, begin.Add(after)); got != want {
			t.Errorf("after %v: %v", after, got)
		}
	}
	if (&Plan{Size: 1}).Late(begin, begin.Add(time.Hour)) {
		t.Error("late without a time")
	}
}

func TestFolder(t *testing.T) {
	for _, tt := range []struct {
		plan Plan
		want string
	}{
		{Plan{Path: "x"}, "."},
		{Plan{Path: "/a/b/x%d", Every: 1}, "/a/b"},
		{Plan{Path: "/a/%Y/%m/x", Every: 1}, "/a"},
		{Plan{Path: "/a/%Y/x", Size: 1}, "/a/%Y"},
	} {
		if got := tt.plan.folder(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.plan, got, tt.want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"1": 1e6, "10": 1e7, "10k": 10240, "3M": 3 << 20, "2g": 2 << 30} {
		if got, err := ParseSize(text); got != want || err != nil {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "k", "0", "-1", "1.5", "1t", "1kk", "99999999999"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}
