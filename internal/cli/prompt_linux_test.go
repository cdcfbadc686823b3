package cli

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"slices"
	"testing"
	"time"
)

// told is when a record was read.
type told struct {
	flowRecord
	at time.Time
}

// A live capture tells what a flow speaks and whose its ends are as soon as it knows.
func TestToldPromptly(t *testing.T) {
	const (
		conversations = 50
		bar           = 50 * time.Millisecond
	)
	out, in := io.Pipe()
	cmd := captureCommand(t, nil, "-i", "lo", "--format", "json")
	cmd.Stdout = in
	c := start(t, cmd)
	records := make(chan told, 1024)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			x := told{at: time.Now()}
			if json.Unmarshal(lines.Bytes(), &x.flowRecord) == nil {
				records <- x
			}
		}
		close(records)
	}()
	c.entered(t, root())
	capturing(t, c.Process.Pid)
	var waits []time.Duration
	for range conversations {
		var asked time.Time
		var port int
		within(t, c.Process.Pid, func() error {
			return converse(func(client int) { asked, port = time.Now(), client }, 0)
		})
		deadline := time.After(5 * time.Second)
		for {
			select {
			case r := <-records:
				if r.Client.Port != port || len(r.Protocols) == 0 || r.Client.Owner.PID != os.Getpid() || r.Server.Owner.PID != os.Getpid() {
					continue
				}
				waits = append(waits, r.at.Sub(asked))
			case <-deadline:
				t.Fatalf("no label with both owners in 5 s, after %d conversations: %s", len(waits), &c.err)
			}
			break
		}
	}
	slices.Sort(waits)
	median := waits[len(waits)/2]
	t.Logf("label and owners after %v in the median, %v in 95 of 100", median, waits[len(waits)*95/100])
	if median > bar {
		t.Errorf("label and owners come after %v in the median, more than %v", median, bar)
	}
}
