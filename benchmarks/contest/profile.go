package contest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"

	"github.com/gofpnn/gofpnn/benchmarks/peer"
)

// profile begins CPU profiles of both processes, if they are wanted, and returns
// what ends them.
func (c *Contest) profile(ctx context.Context, pr *peer.Process, s step) (end func() error, err error) {
	if c.Profiles == "" {
		return func() error { return nil }, nil
	}
	path := func(side string) string {
		name := fmt.Sprintf("%s-%d-%d-%s.pprof", strings.ReplaceAll(s.peer.Name, "/", "-"), s.n, s.round, side)
		return filepath.Join(c.Profiles, name)
	}
	if err := pr.Profile(ctx, path("server")); err != nil {
		return nil, err
	}
	f, err := os.Create(path("client"))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return errors.Join(f.Close(), pr.Profile(ctx, ""))
	}, nil
}
