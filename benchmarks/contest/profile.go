package contest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gofpnn/gofpnn/benchmarks/peer"
)

// profile begins CPU profiles of both processes, if they are wanted, and returns
// what ends them. If this process does not make the calls, there is none of it.
func (c *Contest) profile(ctx context.Context, pr *peer.Process, conn peer.Conn, s step) (end func() error, err error) {
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
	endServer := func() error { return pr.Profile(ctx, "") }
	if _, ok := conn.(peer.Apart); ok {
		return endServer, nil
	}
	endClient, err := peer.Profile(path("client"))
	if err != nil {
		return nil, errors.Join(err, endServer())
	}
	return func() error { return errors.Join(endClient(), endServer()) }, nil
}
