//go:build linux

// Command load has sniffid capture for long on a wire that is as busy as it can be: a
// new flow each millisecond, of every protocol in turn, and packets of long flows in
// between as fast as they can be sent.
//
//	load -sniffid FILE [-for 1h] [-write FILE]
//	load -compare -sniffid FILE [-for 20s] [-rounds 3]
//
// The wire is a pair of virtual interfaces in a network namespace that ends with the
// program. It needs root. What the flows carry are the examples of the signatures. The
// memory, the descriptors and the threads of sniffid and of its helper are written down
// as time goes by; at the end they are compared with what they were after the first
// tenth of the time, and what sniffid said with what was sent. The status is 1 when
// memory or descriptors have grown, a port has the wrong name, or packets went missing
// without being counted.
//
// With -compare, tcpdump -w /dev/null and sniffid take turns, and what is compared is the
// processor time that a packet costs, and the packets that get lost.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// inside marks the run in the network namespace.
const inside = "SNIFFID_LOAD_INSIDE"

// The wire's ends: packets are sent into one, sniffid captures at the other.
const (
	sending   = "sn-send"
	capturing = "sn-recv"
)

// config is what is run, and for how long.
type config struct {
	sniffid string
	lasting time.Duration
	page    string
	rounds  int
}

func main() {
	var c config
	flag.StringVar(&c.sniffid, "sniffid", "./sniffid", "the program")
	flag.DurationVar(&c.lasting, "for", time.Hour, "how long")
	flag.StringVar(&c.page, "write", "", "page to write")
	compare := flag.Bool("compare", false, "compare with tcpdump")
	flag.IntVar(&c.rounds, "rounds", 3, "how often each program runs, with -compare")
	flag.Parse()
	if os.Getenv(inside) == "" {
		enter()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	met, err := true, error(nil)
	if *compare {
		err = c.compare(ctx, os.Stdout)
	} else {
		met, err = c.run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	if !met {
		os.Exit(1)
	}
}

// enter runs this program again in a network namespace with a wire, and ends.
func enter() {
	script := fmt.Sprintf(`ip link add %[1]s type veth peer name %[2]s
for i in %[1]s %[2]s; do sysctl -qw net.ipv6.conf.$i.disable_ipv6=1; ip link set $i up; done
exec "$0" "$@"`, sending, capturing)
	cmd := exec.Command("sh", append([]string{"-euc", script}, os.Args...)...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	signal.Ignore(os.Interrupt) // it is the other's, which says what there is to say
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "load: in a network namespace, which needs root:", err)
		os.Exit(max(1, cmd.ProcessState.ExitCode()))
	}
	os.Exit(0)
}

func (c *config) run(ctx context.Context) (met bool, err error) {
	templates, err := examples()
	if err != nil {
		return false, err
	}
	s, err := start(c.sniffid)
	if err != nil {
		return false, err
	}
	defer s.kill()
	ctx, cancel := context.WithTimeout(ctx, c.lasting)
	defer cancel()
	wire, err := dial(sending)
	if err != nil {
		return false, err
	}
	go s.watch(ctx, os.Stdout)
	began := time.Now()
	sent, err := wire.load(ctx, templates)
	if err != nil {
		return false, err
	}
	took := time.Since(began)
	if err := s.end(); err != nil {
		return false, err
	}
	r := judge(s, templates, &sent, took)
	r.print(os.Stdout)
	if c.page != "" {
		err = r.write(c.page)
	}
	return r.met(), err
}
