package contest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
)

// loaded is a connection whose load is made by a function.
type loaded func(n int, d time.Duration) (measure.Sample, error)

func (loaded) Caller() measure.Caller { return nil }
func (loaded) Close() error           { return nil }

func (l loaded) Load(_ context.Context, n int, d time.Duration) (measure.Sample, error) {
	return l(n, d)
}

// loading is the ping-pong's server with such a client.
func loading(t *testing.T, l loaded) peer.Peer {
	t.Helper()
	p := named(t, "pingpong")[0]
	p.Dial = func(context.Context, peer.Address) (peer.Conn, error) { return l, nil }
	return p
}

func TestProfilesGoOnAfterAFailure(t *testing.T) {
	dir, made := t.TempDir(), 0
	p := loading(t, func(int, time.Duration) (measure.Sample, error) {
		if made++; made == 1 {
			return measure.Sample{}, errors.New("failure")
		}
		return measure.Sample{Calls: 1, Elapsed: time.Second}, nil
	})
	c := &Contest{
		Peers: []peer.Peer{p}, Callers: []int{1}, Rounds: 3, Duration: time.Second, Profiles: dir, Progress: said(new(bytes.Buffer)),
	}
	r, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, "1 of 3 measurements, the last with: failure", r.Peers[0].Failed)
	for _, end := range []string{"1-client", "1-server", "2-client", "3-server"} {
		requireProfile(t, filepath.Join(dir, "pingpong-1-"+end+".pprof"))
	}
}

func TestServersProfileEndsIfThereIsNoneOfTheClient(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "pingpong-1-1-client.pprof"), 0o755)) // a file cannot be
	c := &Contest{Profiles: dir}
	pr, err := peer.Start(t.Context(), named(t, "pingpong")[0])
	require.NoError(t, err)
	defer pr.Stop()
	_, err = c.profile(t.Context(), pr, loaded(nil), step{peer: named(t, "pingpong")[0], n: 1, round: 1})
	require.ErrorContains(t, err, "client.pprof")
	requireProfile(t, filepath.Join(dir, "pingpong-1-1-server.pprof"))
}

// requireProfile checks that a file has been written, as it is when a profile ends.
func requireProfile(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotEmpty(t, b, path)
}
