//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sniffid is the running program with what it has said.
type sniffid struct {
	cmd     *exec.Cmd
	errs    bytes.Buffer
	told    chan error // when the output has ended
	flows   map[uint16]map[string]uint64
	ports   map[uint16]string // what most flows are
	summary summary
	samples []sample
}

// summary is the last record.
type summary struct {
	Packets, Flows, Dropped, Evicted, Failures uint64
}

// sample is what the processes take at a moment.
type sample struct {
	at            time.Duration
	rss           uint64 // bytes
	files, thread int
	cpu           time.Duration
}

func start(name string) (*sniffid, error) {
	s := &sniffid{
		cmd:   exec.Command(name, "-i", capturing, "--format", "json"),
		told:  make(chan error, 1),
		flows: map[uint16]map[string]uint64{}, ports: map[uint16]string{},
	}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.cmd.Stderr = &s.errs
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.told <- s.read(out) }()
	for deadline := time.Now().Add(10 * time.Second); !s.captures(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.kill()
			return nil, fmt.Errorf("sniffid does not capture: %s", s.errs.Bytes())
		}
	}
	return s, nil
}

// captures reports whether a packet socket of the namespace is bound and runs.
func (s *sniffid) captures() bool {
	text, _ := os.ReadFile("/proc/self/net/packet")
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 5 && f[4] != "0" && f[5] == "1" {
			return true
		}
	}
	return false
}

func (s *sniffid) kill() { _ = s.cmd.Process.Kill() }

// end asks for the summary and waits for it.
func (s *sniffid) end() error {
	_ = s.cmd.Process.Signal(os.Interrupt)
	if err := <-s.told; err != nil {
		return err
	}
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("sniffid: %w\n%s", err, s.errs.Bytes())
	}
	return nil
}

// read takes in the records.
func (s *sniffid) read(out io.Reader) error {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		kind, _, _ := bytes.Cut(bytes.TrimPrefix(lines.Bytes(), []byte(`{"type":"`)), []byte(`"`))
		var err error
		switch string(kind) {
		case "flow":
			var f struct {
				Server    struct{ Port uint16 }
				Protocols []string
			}
			err = json.Unmarshal(lines.Bytes(), &f)
			if s.flows[f.Server.Port] == nil {
				s.flows[f.Server.Port] = map[string]uint64{}
			}
			s.flows[f.Server.Port][strings.Join(f.Protocols, " ")]++
		case "port":
			var p struct {
				Port     uint16
				Observed []struct {
					Protocols []string
					Flows     uint64
				}
			}
			err = json.Unmarshal(lines.Bytes(), &p)
			most := uint64(0)
			for _, o := range p.Observed {
				if o.Flows > most {
					most, s.ports[p.Port] = o.Flows, strings.Join(o.Protocols, " ")
				}
			}
		case "summary":
			err = json.Unmarshal(lines.Bytes(), &s.summary)
		}
		if err != nil {
			return fmt.Errorf("%w in %s", err, lines.Bytes())
		}
	}
	return lines.Err()
}

// watch takes samples, and tells some of them.
func (s *sniffid) watch(ctx context.Context, w io.Writer) {
	const every = 5 * time.Second
	began := time.Now()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		x := s.sample()
		x.at = time.Since(began)
		s.samples = append(s.samples, x)
		if len(s.samples)%12 == 0 {
			fmt.Fprintf(w, "%8v  %4d MiB  %3d descriptors  %3d threads  %v of processor time\n",
				x.at.Round(time.Second), x.rss>>20, x.files, x.thread, x.cpu.Round(time.Second))
		}
	}
}

// sample adds up what sniffid and its children take.
func (s *sniffid) sample() (x sample) {
	pid := s.cmd.Process.Pid
	for _, p := range append(children(pid), pid) {
		dir := fmt.Sprintf("/proc/%d", p)
		status, _ := os.ReadFile(dir + "/status")
		for line := range strings.Lines(string(status)) {
			f := strings.Fields(line)
			switch n := uint64(0); {
			case len(f) < 2:
			case f[0] == "VmRSS:":
				n, _ = strconv.ParseUint(f[1], 10, 64)
				x.rss += n << 10
			case f[0] == "Threads:":
				n, _ = strconv.ParseUint(f[1], 10, 64)
				x.thread += int(n)
			}
		}
		files, _ := os.ReadDir(dir + "/fd")
		x.files += len(files)
		x.cpu += processor(dir)
	}
	return x
}

// processor is how much time a process has had.
func processor(dir string) time.Duration {
	text, _ := os.ReadFile(dir + "/stat")
	_, rest, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ
}

// children are the processes that a process has started.
func children(pid int) (out []int) {
	names, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, name := range names {
		text, _ := os.ReadFile(name)
		for _, word := range strings.Fields(string(text)) {
			if n, err := strconv.Atoi(word); err == nil {
				out = append(out, n)
			}
		}
	}
	return out
}
