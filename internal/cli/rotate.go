package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sniffid/sniffid/internal/rotate"
)

// sizeValue is the argument of -C.
type sizeValue struct {
	text  string
	bytes *int64
}

func (v *sizeValue) String() string { return v.text }
func (v *sizeValue) Type() string   { return "SIZE" }

func (v *sizeValue) Set(text string) (err error) {
	v.text = text
	*v.bytes, err = rotate.ParseSize(text)
	return err
}

// secondsValue is the argument of -G: seconds, or with a unit as in 5m.
type secondsValue struct{ d *time.Duration }

func (v *secondsValue) String() string {
	if v.d == nil || *v.d == 0 {
		return ""
	}
	return v.d.String()
}
func (v *secondsValue) Type() string { return "SECONDS" }

func (v *secondsValue) Set(text string) (err error) {
	if n, atoiErr := strconv.ParseInt(text, 10, 32); atoiErr == nil {
		*v.d = time.Duration(n) * time.Second
	} else if *v.d, err = time.ParseDuration(text); err != nil {
		return err
	}
	if *v.d <= 0 {
		return fmt.Errorf("%s: must be positive", text)
	}
	return nil
}

// rotateFlags are those of -w with more than one file.
func (o *options) rotateFlags(f *pflag.FlagSet) {
	f.VarP(&sizeValue{bytes: &o.write.Size}, "rotate-size", "C", "let -w go on in another file after `SIZE` million bytes; 10k, 10m, 10g for KiB, MiB, GiB")
	f.VarP(&secondsValue{&o.write.Every}, "rotate-time", "G", "let -w go on in another file every `SECONDS` of the packets' time, or 5m, 1h; the name has a\ntime as strftime(3) writes it: -w trace-%Y%m%d-%H%M.pcapng")
	f.IntVarP(&o.write.Count, "rotate-count", "W", 0, "with -C write over the oldest of `N` files, with -G end after them")
}

// fileCommand has this program open the files of -w for another one, which has started
// it.
const fileCommand = "file-helper"

// startFileHelper starts the process that opens files for this one, which will not be
// able to.
func startFileHelper(p *rotate.Plan, stderr io.Writer) (rotate.Opener, error) {
	path, err := filepath.Abs(p.Path)
	if err != nil {
		return nil, err
	}
	return rotate.Start([]string{
		"sniffid", fileCommand, "--", path,
		strconv.FormatInt(p.Size, 10), strconv.FormatInt(int64(p.Every), 10), strconv.Itoa(p.Count),
	}, stderr)
}

func newFileHelper() *cobra.Command {
	return &cobra.Command{
		Use:    fileCommand,
		Short:  "Open files for the sniffid that started this one",
		Hidden: true,
		Args:   cobra.ExactArgs(4),
		RunE: func(_ *cobra.Command, args []string) error {
			plan := rotate.Plan{Path: args[0]}
			var numbers [3]int64
			for i := range numbers {
				var err error
				if numbers[i], err = strconv.ParseInt(args[i+1], 10, 64); err != nil {
					return usageError("%w", err)
				}
			}
			plan.Size, plan.Every, plan.Count = numbers[0], time.Duration(numbers[1]), int(numbers[2])
			return rotate.ServeParent(&plan)
		},
	}
}
