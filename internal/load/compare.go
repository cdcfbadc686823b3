//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cost is what a program took for what it saw of the wire.
type cost struct {
	sent, seen, dropped uint64
	cpu                 time.Duration
}

func (c *cost) perPacket() time.Duration { return c.cpu / time.Duration(max(1, c.seen)) }

// compare has sniffid and tcpdump capture the same load, in turns.
func (c *config) compare(ctx context.Context, w io.Writer) error {
	templates, err := examples()
	if err != nil {
		return err
	}
	programs := []struct {
		name string
		args []string
		all  []cost
	}{
		{name: "tcpdump", args: []string{"tcpdump", "-n", "-i", capturing, "-w", "/dev/null"}},
		{name: "sniffid", args: []string{c.sniffid, "-i", capturing, "--format", "json"}},
	}
	for range c.rounds {
		for i := range programs {
			p := &programs[i]
			x, err := c.measure(ctx, templates, p.args)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			fmt.Fprintf(w, "%-8s %9d packets sent, %9d seen, %6d dropped (%.3f %%), %4d ns of processor time for each\n",
				p.name, x.sent, x.seen, x.dropped, 100*float64(x.dropped)/float64(x.sent), x.perPacket().Nanoseconds())
			p.all = append(p.all, x)
		}
	}
	median := func(all []cost) time.Duration {
		slices.SortFunc(all, func(a, b cost) int { return int(a.perPacket() - b.perPacket()) })
		return all[len(all)/2].perPacket()
	}
	a, b := median(programs[0].all), median(programs[1].all)
	fmt.Fprintf(w, "sniffid takes %.2f times the processor time of tcpdump a packet\n", float64(b)/float64(a))
	return nil
}

// Both programs say the like of "12 packets received by filter", and of "3 packets
// dropped by kernel", at their end.
var (
	received = regexp.MustCompile(`(\d+) packets received`)
	lost     = regexp.MustCompile(`(\d+) (?:packets )?dropped by (?:the )?kernel`)
)

// measure has a program capture while the load is sent.
func (c *config) measure(ctx context.Context, templates []template, args []string) (x cost, err error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := os.CreateTemp("", "load") // written by the program alone
	if err != nil {
		return x, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		return x, err
	}
	defer func() { _ = cmd.Process.Kill() }()
	s := &sniffid{cmd: cmd}
	for deadline := time.Now().Add(10 * time.Second); !s.captures(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return x, errors.New("it does not capture")
		}
	}
	time.Sleep(500 * time.Millisecond) // it has begun, then
	wire, err := dial(sending)
	if err != nil {
		return x, err
	}
	begun := s.sample().cpu
	ctx, cancel := context.WithTimeout(ctx, c.lasting)
	defer cancel()
	sent, err := wire.load(ctx, templates)
	if err != nil {
		return x, err
	}
	time.Sleep(500 * time.Millisecond)
	x.sent, x.cpu = sent.packets, s.sample().cpu-begun
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		return x, fmt.Errorf("%w\n%s", err, &errs)
	}
	if x.seen, err = number(received, errs.String()); err == nil {
		x.dropped, err = number(lost, errs.String())
	}
	return x, err
}

func number(re *regexp.Regexp, text string) (uint64, error) {
	found := re.FindStringSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("%v is not in %q", re, text)
	}
	return strconv.ParseUint(found[1], 10, 64)
}
