package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/sniffid/sniffid/correlate/claims"
)

// readClaims reads the listings of --claims and merges them; nil when there is
// none. Lines that can't be read are said, and cost nothing but themselves.
func readClaims(env *environment, names []string) (*claims.Listing, error) {
	if len(names) == 0 {
		return nil, nil
	}
	listings := make([]*claims.Listing, 0, len(names))
	for _, name := range names {
		l, err := readListing(env, name)
		if err != nil {
			return nil, cannot(fmt.Errorf("claims: %w", err))
		}
		for _, p := range l.Problems {
			env.log.Warn("line of the listing not understood", "line", p.String())
		}
		env.log.Info("read claims", "file", name, "format", l.Format, "rows", len(l.Claims), "processes", len(l.Processes))
		listings = append(listings, l)
	}
	return claims.Merge(listings...), nil
}

func readListing(env *environment, name string) (*claims.Listing, error) {
	var r io.Reader = env.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	return claims.Parse(r, name)
}
