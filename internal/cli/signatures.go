package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/builtin"
	"github.com/sniffid/sniffid/signatures"
)

func newSignatures(env *environment) *cobra.Command {
	var dirs []string
	cmd := &cobra.Command{
		Use:   "signatures",
		Short: "List, show, check, test and draft signatures",
		Long: `List, show, check, test and draft signatures: the files that say how protocols are
recognised. The language is described in docs/signature-language.md.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringArrayVar(&dirs, "signatures", nil, "add or override signatures by those in `DIR`")
	cmd.AddCommand(
		newSignaturesList(env, &dirs), newSignaturesShow(env, &dirs),
		newSignaturesCheck(env), newSignaturesTest(env, &dirs), newSignaturesDraft(env, &dirs),
	)
	return cmd
}

// signatureRecord is a protocol as "signatures list --format json" prints it.
type signatureRecord struct {
	Type     string   `json:"type"`
	Schema   int      `json:"schema"`
	Protocol string   `json:"protocol"`
	Title    string   `json:"title"`
	Family   string   `json:"family"`
	Over     []string `json:"over"`
	Spec     string   `json:"spec"`
	Native   bool     `json:"native"`
	File     string   `json:"file"`
}

func newSignaturesList(env *environment, dirs *[]string) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the protocols that can be recognised",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			set, err := loadSignatures(*dirs)
			if err != nil {
				return usageError("%w", err)
			}
			files := set.Files()
			slices.SortFunc(files, func(a, b *signatures.File) int { return strings.Compare(a.Protocol, b.Protocol) })
			enc := json.NewEncoder(env.stdout)
			for _, f := range files {
				if format == "json" {
					err = enc.Encode(signatureRecord{
						"signature", 1, f.Protocol, f.Title, f.Family, f.Over, f.Spec, f.Native != "", f.Path,
					})
				} else {
					_, err = fmt.Fprintf(env.stdout, "%-16s %-14s %-24s %s\n", f.Protocol, f.Family, strings.Join(f.Over, ","), f.Title)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "`FORMAT`: text or json")
	return cmd
}

func newSignaturesShow(env *environment, dirs *[]string) *cobra.Command {
	return &cobra.Command{
		Use:     "show PROTOCOL...",
		Short:   "Show how a protocol is recognised",
		Example: "  sniffid signatures show smb2",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := loadSignatures(*dirs)
			if err != nil {
				return usageError("%w", err)
			}
			for _, name := range args {
				f := set.File(name)
				if f == nil {
					return usageError(`no signature for %q; "sniffid signatures list" names all`, name)
				}
				if err := showSignature(env, f); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func showSignature(env *environment, f *signatures.File) error {
	w := env.stdout
	fmt.Fprintf(w, "%s: %s\nspecification: %s\nover: %s\nfile: %s\n", f.Protocol, f.Title, f.Spec, strings.Join(f.Over, ", "), f.Path)
	if f.Native != "" {
		fmt.Fprintf(w, "parsed by Go code: dissect/proto (%s)\n", f.Native)
	}
	for _, m := range f.Messages {
		fmt.Fprintf(w, "\n%s.%s  from %s, at least %d bits%s\n", f.Protocol, m.Name, fromText(m.From), m.Bits(), messageNotes(m))
		for line := range strings.Lines(m.Layout.Text) {
			fmt.Fprintf(w, "    %s", line)
		}
	}
	_, err := fmt.Fprintln(w)
	return err
}

func fromText(f dissect.From) string {
	return [...]string{"either end", "the client", "the server"}[f]
}

func messageNotes(m *signatures.Message) string {
	var notes string
	if m.First {
		notes += ", first of its direction"
	}
	if m.Weak {
		notes += ", weak"
	}
	if m.Spec != "" {
		notes += "  (" + m.Spec + ")"
	}
	return notes
}

func newSignaturesCheck(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE|DIR...]",
		Short: "Compile signature files, and say what each message verifies",
		Long: `Compile signature files, those built in when none are named, report mistakes
with file, line and column, and say of each message how many bits it verifies,
how often random bytes pass for it, and which messages of other protocols are
tried on what begins like it: the nearest first, with the share of beginnings
that both permit.`,
		Example: "  sniffid signatures check mine/proto.yaml",
		RunE: func(_ *cobra.Command, args []string) error {
			return eachSet(args, func(set *signatures.Set, err error) error {
				if err != nil {
					fmt.Fprintln(env.stderr, err)
					env.status = exitContradicted
					return nil
				}
				all, err := signatures.Load(signatures.Builtin(), builtin.All())
				if err != nil {
					return err
				}
				all.Override(set)
				for _, f := range set.Files() {
					if err := checkFile(env, all, f); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

// enoughBits is what names a protocol from one direction alone; see
// docs/adr/0002-confidence.md.
const enoughBits = 24

func checkFile(env *environment, all *signatures.Set, f *signatures.File) error {
	fmt.Fprintf(env.stdout, "%s  %s\n", f.Protocol, f.Path)
	if f.Native != "" {
		fmt.Fprintf(env.stdout, "    parsed by Go code, %d rows in the index\n", len(f.Rows))
	}
	for _, m := range f.Messages {
		note := ""
		if m.Bits() < enoughBits && !m.Weak {
			note = "  needs the other direction, a second message or a child"
		}
		if _, err := fmt.Fprintf(env.stdout, "    %-28s %3d bits, false positive 1 in 2^%d%s\n", m.Name, m.Bits(), m.Bits(), note); err != nil {
			return err
		}
		if near := overlapText(all.Overlaps(f, f.Protocol+"."+m.Name)); near != "" {
			fmt.Fprintf(env.stdout, "        overlaps with %s\n", near)
		}
	}
	return nil
}

// shownOverlaps is how many overlaps of a message are listed.
const shownOverlaps = 4

func overlapText(overlaps []signatures.Overlap) string {
	var list []string
	for i, o := range overlaps {
		if i == shownOverlaps {
			list = append(list, fmt.Sprintf("and %d more", len(overlaps)-i))
			break
		}
		list = append(list, fmt.Sprintf("%s (%.2g)", o.Signature, o.Share))
	}
	return strings.Join(list, ", ")
}

func newSignaturesTest(env *environment, dirs *[]string) *cobra.Command {
	return &cobra.Command{
		Use:     "test [FILE|DIR|PROTOCOL...]",
		Short:   "Run the examples and counterexamples of signatures",
		Long:    "Run the examples and counterexamples of signatures, of all when none are named,\nagainst all signatures, each TCP exchange also in one-byte segments.",
		Example: "  sniffid signatures test\n  sniffid signatures test mine/proto.yaml",
		RunE: func(_ *cobra.Command, args []string) error {
			all, err := loadSignatures(*dirs)
			if err != nil {
				return usageError("%w", err)
			}
			files, err := chooseFiles(all, args)
			if err != nil {
				return err
			}
			engine, err := newEngine(all.Protocols(), dissect.Config{})
			if err != nil {
				return usageError("%w", err)
			}
			return testFiles(env, engine, files)
		},
	}
}

// chooseFiles finds the signatures that the arguments name: protocols of all,
// or files and folders, which are added to all.
func chooseFiles(all *signatures.Set, args []string) ([]*signatures.File, error) {
	if len(args) == 0 {
		return all.Files(), nil
	}
	var files []*signatures.File
	for _, arg := range args {
		if f := all.File(arg); f != nil {
			files = append(files, f)
			continue
		}
		own, err := loadPath(arg)
		if err != nil {
			return nil, usageError("%w", err)
		}
		all.Override(own)
		files = append(files, own.Files()...)
	}
	return files, nil
}

func testFiles(env *environment, engine *dissect.Engine, files []*signatures.File) error {
	examples, failed := 0, 0
	for _, f := range files {
		list, err := f.Examples()
		if err != nil {
			fmt.Fprintln(env.stderr, err)
			failed++
			continue
		}
		examples += len(list)
		for _, cut := range [...]int{0, 1} {
			failures, err := f.RunExamples(signatures.EngineRunner{Engine: engine, Cut: cut})
			if err != nil {
				return err
			}
			for _, x := range failures {
				failed++
				if cut > 0 {
					fmt.Fprintf(env.stdout, "%v (in one-byte segments)\n", x)
				} else {
					fmt.Fprintln(env.stdout, x)
				}
			}
		}
	}
	if failed > 0 {
		env.status = exitContradicted
	}
	_, err := fmt.Fprintf(env.stdout, "%d signatures, %d examples, %d failures\n", len(files), examples, failed)
	return err
}

// eachSet loads each path, or the built-in signatures when there is none.
func eachSet(paths []string, do func(*signatures.Set, error) error) error {
	if len(paths) == 0 {
		return do(signatures.Load(signatures.Builtin(), builtin.All()))
	}
	for _, path := range paths {
		if err := do(loadPath(path)); err != nil {
			return err
		}
	}
	return nil
}

// loadPath reads one signature file, or a folder of them.
func loadPath(path string) (*signatures.Set, error) {
	info, err := os.Stat(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is neither a file nor a protocol", path)
		}
		return nil, err
	}
	if info.IsDir() {
		return loadFolder(path, builtin.All())
	}
	return signatures.Load(oneFile{os.DirFS(filepath.Dir(path)), filepath.Base(path)}, builtin.All())
}

// oneFile is a folder that shows one of its files; the others can be opened by
// name, as the tables of a signature are.
type oneFile struct {
	fs.FS
	name string
}

// ReadDir implements [fs.ReadDirFS].
func (o oneFile) ReadDir(string) ([]fs.DirEntry, error) {
	info, err := fs.Stat(o.FS, o.name)
	if err != nil {
		return nil, err
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(info)}, nil
}
