package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/sniffid/sniffid/correlate/claims"
)

// listing is a file of --claims, open.
type listing struct {
	name string
	r    io.ReadCloser
}

// openListings opens the listings of --claims.
func openListings(env *environment, names []string) ([]listing, error) {
	listings := make([]listing, 0, len(names))
	for _, name := range names {
		if name == "-" {
			listings = append(listings, listing{name, io.NopCloser(env.stdin)})
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			return nil, cannot(fmt.Errorf("claims: %w", err))
		}
		listings = append(listings, listing{name, f})
	}
	return listings, nil
}

// readListings reads the listings and merges them; without any it does nothing. Lines
// that can't be read are said, and cost nothing but themselves.
func (r *run) readListings() error {
	if len(r.listings) == 0 {
		return nil
	}
	read := make([]*claims.Listing, 0, len(r.listings))
	for _, from := range r.listings {
		l, err := claims.Parse(from.r, from.name)
		from.r.Close()
		if err != nil {
			return cannot(fmt.Errorf("claims: %w", err))
		}
		for _, p := range l.Problems {
			r.env.log.Warn("line of the listing not understood", "line", p.String())
		}
		r.env.log.Info("read claims", "file", from.name, "format", l.Format, "rows", len(l.Claims), "processes", len(l.Processes))
		read = append(read, l)
	}
	r.config.Correlate.Claims = claims.Merge(read...)
	return nil
}
