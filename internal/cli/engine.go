package cli

import (
	"errors"
	"fmt"
	"os"

	"github.com/sniffid/sniffid/dissect"
	"github.com/sniffid/sniffid/dissect/builtin"
	"github.com/sniffid/sniffid/signatures"
)

// loadSignatures reads the signatures built in, then those of the given
// folders, which add to them or replace them by protocol name.
func loadSignatures(dirs []string) (*signatures.Set, error) {
	natives := builtin.All()
	set, err := signatures.Load(signatures.Builtin(), natives)
	if err != nil {
		return nil, fmt.Errorf("built-in signatures: %w", err)
	}
	for _, dir := range dirs {
		own, err := loadFolder(dir, natives)
		if err != nil {
			return nil, err
		}
		set.Override(own)
	}
	return set, nil
}

// loadFolder reads the signature files of one folder.
func loadFolder(dir string, natives map[string]func() dissect.Parser) (*signatures.Set, error) {
	set, err := signatures.Load(os.DirFS(dir), natives)
	if err != nil {
		return nil, fmt.Errorf("signatures of %s:\n%w", dir, err)
	}
	if len(set.Files()) == 0 {
		return nil, fmt.Errorf("signatures of %s: %w", dir, errNoSignatures)
	}
	return set, nil
}

var errNoSignatures = errors.New("no .yaml file in the folder")

// loadEngine makes an engine of the signatures built in, which are compiled when they
// are wanted, and of those of the given folders.
func loadEngine(dirs []string, c dissect.Config) (*dissect.Engine, error) {
	if len(dirs) > 0 {
		set, err := loadSignatures(dirs)
		if err != nil {
			return nil, err
		}
		return newEngine(set.Protocols(), c)
	}
	protocols, err := signatures.Protocols(builtin.All())
	if err != nil {
		return nil, fmt.Errorf("built-in signatures: %w", err)
	}
	return newEngine(protocols, c)
}

func newEngine(protocols []dissect.Protocol, c dissect.Config) (*dissect.Engine, error) {
	engine, err := dissect.NewEngine(protocols, c)
	if err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	return engine, nil
}
