package contest

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
	"github.com/gofpnn/gofpnn/benchmarks/report"
)

func TestMain(m *testing.M) {
	peer.Main()
	goleak.VerifyTestMain(m)
}

// named returns peers of the league.
func named(t *testing.T, names ...string) (peers []peer.Peer) {
	t.Helper()
	for _, name := range names {
		i := slices.IndexFunc(peer.League(), func(p peer.Peer) bool { return p.Name == name })
		require.GreaterOrEqual(t, i, 0, name)
		peers = append(peers, peer.League()[i])
	}
	return peers
}

// said is a Progress that writes what it says to b.
func said(b *bytes.Buffer) *Progress { return NewProgress(b) }

func TestEveryPeerIsMeasured(t *testing.T) {
	var b bytes.Buffer
	c := &Contest{
		Peers: peer.League(), Callers: []int{1, 3}, Rounds: 2, Duration: 20 * time.Millisecond, Warmup: time.Millisecond,
		Progress: said(&b),
	}
	r, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, r.Peers, len(c.Peers))
	rows := r.Rows
	for i, p := range c.Peers {
		told := r.Peers[i]
		require.Equal(t, p.Name, told.Name)
		require.Empty(t, told.Failed, p.Name)
		if told.Skipped != "" {
			require.Equal(t, "rueidis", p.Name, "the others need nothing")
			require.Contains(t, b.String(), "rueidis is skipped: ")
			continue
		}
		for _, n := range c.Callers {
			if n > 1 && p.Lone {
				continue
			}
			row := rows[0]
			rows = rows[1:]
			require.Equal(t, p.Name, row.Name)
			require.Equal(t, n, row.N)
			require.Positive(t, row.Calls.Min, p.Name)
			require.GreaterOrEqual(t, row.Calls.Max, row.Calls.Median, p.Name)
			for _, v := range []*float64{row.P50, row.P99, row.P999, row.ClientCPU} {
				require.NotNil(t, v, p.Name)
				require.Positive(t, *v, p.Name)
			}
			require.NotNil(t, row.Allocs, p.Name)
			require.NotNil(t, row.Bytes, p.Name)
			require.NotNil(t, row.ServerCPU, p.Name)
		}
	}
	require.Empty(t, rows)
}

func TestPeersTakeTurns(t *testing.T) {
	t.Parallel()
	c := &Contest{Peers: named(t, "fpnn", "net/rpc", "pingpong", "rueidis"), Callers: []int{1, 16}, Rounds: 2}
	var order []string
	for _, s := range c.plan(&standings{skipped: map[string]string{"rueidis": "missing"}}) {
		order = append(order, s.peer.Name)
	}
	round := []string{"fpnn", "net/rpc", "pingpong", "fpnn", "net/rpc"}
	require.Equal(t, append(slices.Clone(round), round...), order)
}

// mute is a connection whose calls are never answered.
type mute struct{ net.Conn }

func (m mute) Caller() measure.Caller {
	return func() error {
		_, err := m.Read(make([]byte, 1))
		return err
	}
}

// muted is the ping-pong's server with a client that only listens.
func muted(t *testing.T) peer.Peer {
	t.Helper()
	p := named(t, "pingpong")[0]
	p.Dial = func(ctx context.Context, at peer.Address) (peer.Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, "tcp", at.Addr)
		return mute{nc}, err
	}
	return p
}

func TestPeerThatHangsIsOut(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	c := &Contest{
		Peers: append([]peer.Peer{muted(t)}, named(t, "fpnn")...), Callers: []int{1}, Rounds: 3,
		Duration: 10 * time.Millisecond, Grace: 3 * time.Second, Progress: said(&b),
	}
	r, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Contains(t, r.Peers[0].Failed, measure.ErrHung.Error())
	require.Contains(t, r.Peers[0].Failed, "2 of 2 measurements")
	require.Contains(t, b.String(), "pingpong has failed: ")
	require.Len(t, r.Rows, 1, "the others go on")
	require.Equal(t, "fpnn", r.Rows[0].Name)
	require.Equal(t, 3, r.Rows[0].Rounds)
}

func TestOneFailureIsToldAndForgiven(t *testing.T) {
	t.Parallel()
	p := named(t, "pingpong")[0]
	dial, dials := p.Dial, 0
	p.Dial = func(ctx context.Context, at peer.Address) (peer.Conn, error) {
		if dials++; dials%2 == 0 {
			return nil, errors.New("failure")
		}
		return dial(ctx, at)
	}
	c := &Contest{
		Peers: []peer.Peer{p}, Callers: []int{1}, Rounds: 5, Duration: 10 * time.Millisecond, Progress: said(new(bytes.Buffer)),
	}
	r, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, "2 of 5 measurements, the last with: failure", r.Peers[0].Failed)
	require.Equal(t, 3, r.Rows[0].Rounds)
}

func TestInterruptedContestEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	c := &Contest{Peers: []peer.Peer{muted(t)}, Callers: []int{1}, Rounds: 1, Duration: time.Hour, Progress: said(new(bytes.Buffer))}
	_, err := c.Run(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestProfilesAreOfBothProcesses(t *testing.T) {
	dir := t.TempDir()
	c := &Contest{
		Peers: named(t, "net/rpc"), Callers: []int{2}, Rounds: 1, Duration: 20 * time.Millisecond, Profiles: dir,
		Progress: said(new(bytes.Buffer)),
	}
	r, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Empty(t, r.Peers[0].Failed)
	for _, side := range []string{"client", "server"} {
		b, err := os.ReadFile(filepath.Join(dir, "net-rpc-2-1-"+side+".pprof"))
		require.NoError(t, err)
		require.NotEmpty(t, b)
	}
}

func TestGateIsNewForEachMeasurement(t *testing.T) {
	t.Parallel()
	servers := make(Servers)
	defer servers.Stop()
	for name, kept := range map[string]bool{"rtm": false, "fpnn": true} {
		p := named(t, name)[0]
		var addrs []string
		for range 2 {
			require.NoError(t, servers.With(t.Context(), p, func(pr *peer.Process) error {
				addrs = append(addrs, pr.Addr)
				return nil
			}))
		}
		require.Equal(t, kept, addrs[0] == addrs[1], name)
	}
}

func TestOpenLoopOfPeers(t *testing.T) {
	var b bytes.Buffer
	o := &Open{
		Peers: append(named(t, "fpnn", "net/rpc", "raw"), muted(t)), Callers: 8, Rates: []float64{500, 1000}, Rounds: 2,
		Duration: 100 * time.Millisecond, Grace: 3 * time.Second, Limit: report.Limit{P99: 60e6, Answered: 0.01}, Progress: said(&b),
	}
	r, err := o.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, r.Rows, 4)
	for _, row := range r.Rows {
		require.Positive(t, row.Answered.Min, row.Name)
		require.Positive(t, row.P50, row.Name)
		require.False(t, row.Exceeded, row.Name)
		require.InEpsilon(t, 0.4, row.Seconds, 1e-9, "four times as long, since the rates are low")
	}
	require.EqualValues(t, 1000, r.Knee("fpnn"))
	require.Contains(t, r.Peers[2].Failed, errNoCallers.Error())
	require.Contains(t, r.Peers[3].Failed, measure.ErrHung.Error())
}

func TestProgressIsForTerminalsOnly(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	p := said(&b)
	p.At(1, 2, "round %d", 1)
	p.Done()
	require.Empty(t, b.String())
	p.Say("a word")
	require.Equal(t, "a word\n", b.String())
	b.Reset()
	p.terminal = true
	p.At(1, 2, "round %d", 1)
	require.Equal(t, clearLine+"round 1, 0s left", b.String())
	p.Done()
	require.True(t, bytes.HasSuffix(b.Bytes(), []byte(clearLine)))
}
