//go:build windows && (amd64 || arm64)

package etw

import (
	"strings"
	"testing"
	"unsafe"
)

// The structures are laid out as evntrace.h and evntcons.h have them on 64-bit
// Windows.
func TestLayout(t *testing.T) {
	var p traceProperties
	var f logFile
	var r eventRecord
	for _, tt := range []struct {
		name      string
		got, want uintptr
	}{
		{"EVENT_TRACE_PROPERTIES", unsafe.Offsetof(p.loggerName), 120},
		{"LogFileMode", unsafe.Offsetof(p.logFileMode), 64},
		{"LoggerThreadId", unsafe.Offsetof(p.loggerThreadID), 104},
		{"EVENT_TRACE_LOGFILEW", unsafe.Sizeof(f), 448},
		{"EventRecordCallback", unsafe.Offsetof(f.eventRecordCallback), 424},
		{"EVENT_RECORD", unsafe.Sizeof(r), 112},
		{"EventDescriptor", unsafe.Offsetof(r.id), 40},
		{"UserDataLength", unsafe.Offsetof(r.userDataLength), 86},
		{"UserData", unsafe.Offsetof(r.userData), 96},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, tt.got, tt.want)
		}
	}
}

// A session opens, or says why not; and it ends.
func TestOpen(t *testing.T) {
	s, err := Open(func(*Event) {})
	if err != nil {
		if s != nil || !strings.Contains(err.Error(), "Trace") {
			t.Errorf("%v, %v", s, err)
		}
		return
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
