//go:build windows && (amd64 || arm64)

package etw

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// provider is Microsoft-Windows-Kernel-Network.
var provider = windows.GUID{
	Data1: 0x7dd42a49, Data2: 0x5329, Data3: 0x4832,
	Data4: [8]byte{0x8d, 0xfd, 0x43, 0xd9, 0x79, 0x15, 0x3a, 0x88},
}

// What the functions take (evntrace.h, evntcons.h).
const (
	wnodeFlagTracedGUID   = 0x00020000
	eventTraceRealTime    = 0x00000100
	controlStop           = 1
	controlFlush          = 3
	enableProvider        = 1
	levelInformation      = 4
	keywordIPv4           = 0x10
	keywordIPv6           = 0x20
	clockQPC              = 1
	processRealTime       = 0x00000100
	processEventRecord    = 0x10000000
	invalidHandle         = 1<<64 - 1
	maxSessions           = 64
	maxSessionName        = 1024
	bufferKilobytes       = 64
	minBuffers            = 8
	maxBuffers            = 64
	sessionPrefix         = "sniffid-network-"
	flushInterval         = 100 * time.Millisecond
	filetimeTicksPerSec   = 10_000_000
	filetimeUnixEpochSecs = 11_644_473_600
)

// traceProperties is EVENT_TRACE_PROPERTIES with room for the session's name.
type traceProperties struct {
	bufferSize        uint32
	_                 uint32
	historicalContext uint64
	timeStamp         int64
	guid              windows.GUID
	clientContext     uint32
	flags             uint32

	kilobytes         uint32
	minimumBuffers    uint32
	maximumBuffers    uint32
	maximumFileSize   uint32
	logFileMode       uint32
	flushTimer        uint32
	enableFlags       uint32
	ageLimit          int32
	numberOfBuffers   uint32
	freeBuffers       uint32
	eventsLost        uint32
	buffersWritten    uint32
	logBuffersLost    uint32
	realTimeLost      uint32
	loggerThreadID    uintptr
	logFileNameOffset uint32
	loggerNameOffset  uint32
	loggerName        [maxSessionName]uint16
	logFileName       [maxSessionName]uint16
}

func newProperties() *traceProperties {
	p := &traceProperties{flags: wnodeFlagTracedGUID, clientContext: clockQPC, logFileMode: eventTraceRealTime}
	p.bufferSize = uint32(unsafe.Sizeof(*p))
	p.kilobytes, p.minimumBuffers, p.maximumBuffers, p.flushTimer = bufferKilobytes, minBuffers, maxBuffers, 1
	p.loggerNameOffset = uint32(unsafe.Offsetof(p.loggerName))
	p.logFileNameOffset = uint32(unsafe.Offsetof(p.logFileName))
	return p
}

// logFile is EVENT_TRACE_LOGFILEW.
type logFile struct {
	logFileName, loggerName *uint16
	currentTime             int64
	buffersRead             uint32
	processTraceMode        uint32
	currentEvent            [88]byte  // EVENT_TRACE
	header                  [280]byte // TRACE_LOGFILE_HEADER
	bufferCallback          uintptr
	bufferSize              uint32
	filled                  uint32
	eventsLost              uint32
	_                       uint32
	eventRecordCallback     uintptr
	isKernelTrace           uint32
	_                       uint32
	context                 uintptr
}

// eventRecord is EVENT_RECORD.
type eventRecord struct {
	size, headerType, flags, property uint16
	threadID, processID               uint32
	timeStamp                         int64 // FILETIME
	providerID                        windows.GUID
	id                                uint16
	version, channel, level, opcode   uint8
	task                              uint16
	keyword                           uint64
	processorTime                     uint64
	activityID                        windows.GUID
	bufferContext                     uint32
	extendedDataCount                 uint16
	userDataLength                    uint16
	extendedData                      unsafe.Pointer
	userData                          unsafe.Pointer
	userContext                       unsafe.Pointer
}

// api are the functions of advapi32.dll, all of them documented.
type api struct {
	start, control, enable, open, process, close, query *windows.LazyProc
}

func newAPI() api {
	dll := windows.NewLazySystemDLL("advapi32.dll")
	return api{
		start: dll.NewProc("StartTraceW"), control: dll.NewProc("ControlTraceW"), enable: dll.NewProc("EnableTraceEx2"),
		open: dll.NewProc("OpenTraceW"), process: dll.NewProc("ProcessTrace"), close: dll.NewProc("CloseTrace"),
		query: dll.NewProc("QueryAllTracesW"),
	}
}

// find reports the first function that this Windows does not have.
func (a *api) find() error {
	for _, p := range []*windows.LazyProc{a.start, a.control, a.enable, a.open, a.process, a.close, a.query} {
		if err := p.Find(); err != nil {
			return err
		}
	}
	return nil
}

// Session receives events until it is closed.
type Session struct {
	api     api
	handle  uint64 // of the session
	trace   uint64 // of what is read from it
	each    func(*Event)
	done    chan struct{}
	running sync.WaitGroup
	once    sync.Once
}

// Open starts a session, and calls each for every event, one at a time and soon
// after it happened. The event is valid during the call only. Sessions that ended
// runs of this program have left behind are stopped.
func Open(each func(*Event)) (*Session, error) {
	s := &Session{api: newAPI(), each: each, done: make(chan struct{})}
	if err := s.api.find(); err != nil {
		return nil, err
	}
	s.api.stopAbandoned()
	name, err := windows.UTF16PtrFromString(sessionPrefix + strconv.Itoa(os.Getpid()))
	if err != nil {
		return nil, err
	}
	if code, _, _ := s.api.start.Call(uintptr(unsafe.Pointer(&s.handle)), uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(newProperties()))); code != 0 {
		return nil, fmt.Errorf("StartTrace: %w", windows.Errno(code))
	}
	code, _, _ := s.api.enable.Call(uintptr(s.handle), uintptr(unsafe.Pointer(&provider)), enableProvider, levelInformation, keywordIPv4|keywordIPv6, 0, 0, 0)
	if code != 0 {
		return nil, errors.Join(fmt.Errorf("EnableTraceEx2: %w", windows.Errno(code)), s.stop())
	}
	file := &logFile{
		loggerName: name, processTraceMode: processRealTime | processEventRecord,
		eventRecordCallback: windows.NewCallback(s.received),
	}
	trace, _, err := s.api.open.Call(uintptr(unsafe.Pointer(file)))
	if s.trace = uint64(trace); s.trace == invalidHandle {
		return nil, errors.Join(fmt.Errorf("OpenTrace: %w", err), s.stop())
	}
	s.running.Add(2)
	go s.read()
	go s.flush()
	return s, nil
}

// received is called by ProcessTrace.
func (s *Session) received(r *eventRecord) uintptr {
	if r == nil || r.providerID != provider || r.userData == nil {
		return 0
	}
	if e, ok := Decode(r.id, unsafe.Slice((*byte)(r.userData), int(r.userDataLength))); ok {
		e.Time = time.Unix(r.timeStamp/filetimeTicksPerSec-filetimeUnixEpochSecs, r.timeStamp%filetimeTicksPerSec*100)
		s.each(&e)
	}
	return 0
}

// read calls received until the session is stopped.
func (s *Session) read() {
	defer s.running.Done()
	_, _, _ = s.api.process.Call(uintptr(unsafe.Pointer(&s.trace)), 1, 0, 0)
}

// flush has the events delivered sooner than every second, as Windows does by
// itself: their processes may not live that long.
func (s *Session) flush() {
	defer s.running.Done()
	tick := time.NewTicker(flushInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-tick.C:
			_, _, _ = s.api.control.Call(uintptr(s.handle), 0, uintptr(unsafe.Pointer(newProperties())), controlFlush)
		}
	}
}

func (s *Session) stop() error {
	code, _, _ := s.api.control.Call(uintptr(s.handle), 0, uintptr(unsafe.Pointer(newProperties())), controlStop)
	if code != 0 {
		return fmt.Errorf("ControlTrace: %w", windows.Errno(code))
	}
	return nil
}

// Close ends the session; no event is told of after that.
func (s *Session) Close() error {
	var err error
	s.once.Do(func() {
		close(s.done)
		err = s.stop()
		_, _, _ = s.api.close.Call(uintptr(s.trace))
		s.running.Wait()
	})
	return err
}

// stopAbandoned stops the sessions of runs that have ended without doing so:
// sessions outlive their process.
func (a *api) stopAbandoned() {
	list := make([]*traceProperties, maxSessions)
	for i := range list {
		list[i] = newProperties()
	}
	var count uint32
	// With more sessions than fit, those that fit are told of.
	_, _, _ = a.query.Call(uintptr(unsafe.Pointer(&list[0])), maxSessions, uintptr(unsafe.Pointer(&count)))
	for _, p := range list[:min(count, maxSessions)] {
		name := windows.UTF16ToString(p.loggerName[:])
		number, own := strings.CutPrefix(name, sessionPrefix)
		pid, err := strconv.ParseUint(number, 10, 32)
		if !own || err != nil || runs(uint32(pid)) {
			continue
		}
		if wide, err := windows.UTF16PtrFromString(name); err == nil {
			_, _, _ = a.control.Call(0, uintptr(unsafe.Pointer(wide)), uintptr(unsafe.Pointer(newProperties())), controlStop)
		}
	}
}

// runs reports whether a process may still run.
func runs(pid uint32) bool {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return !errors.Is(err, windows.ERROR_INVALID_PARAMETER)
	}
	defer windows.CloseHandle(process)
	var code uint32
	const stillActive = 259
	return windows.GetExitCodeProcess(process, &code) != nil || code == stillActive
}
