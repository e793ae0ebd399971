package peer

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// serve starts a peer's server in a process of its own until the test ends.
func serve(t *testing.T, p Peer) *Process {
	t.Helper()
	if p.Missing != nil && p.Missing() != "" {
		t.Skip(p.Missing())
	}
	pr, err := Start(t.Context(), p)
	require.NoError(t, err)
	t.Cleanup(pr.Stop)
	return pr
}

func TestEveryPeerAnswersEveryCallOnce(t *testing.T) {
	for _, p := range League() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			pr := serve(t, p)
			c, err := p.Dial(t.Context(), pr.Address)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, c.Close()) })
			if _, ok := c.(Loader); !ok {
				made := 0
				call := c.Caller()
				s, err := measure.Closed(t.Context(), []measure.Caller{func() error {
					made++
					if made == 100 {
						return errors.Join(call(), context.Canceled)
					}
					return call()
				}}, time.Minute)
				require.Equal(t, errors.Join(nil, context.Canceled), err)
				require.EqualValues(t, made-1, s.Calls)
			}
			n := 3
			if p.Lone {
				n = 1
			}
			for range 2 { // a connection can be measured again
				s, err := Load(t.Context(), c, n, 20*time.Millisecond)
				require.NoError(t, err)
				require.Positive(t, s.Calls)
				require.Positive(t, s.P50)
				require.GreaterOrEqual(t, s.P999, s.P50)
				require.GreaterOrEqual(t, s.Allocs, 0.0)
			}
			if c, ok := c.(Client); ok {
				require.Zero(t, c.Stats().Unclaimed)
				require.Zero(t, c.Stats().InFlight)
			}
		})
	}
}

// What the league publishes as 0 allocations, and rtm's as at most 2, is so.
func TestAllocationsOfAClient(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for name, most := range map[string]float64{"fpnn": 0.5, "fpnn-server": 0.5, "fpnn-unix": 0.5, "rtm": 2.5} {
		p, err := find(name)
		require.NoError(t, err)
		pr := serve(t, p)
		c, err := p.Dial(t.Context(), pr.Address)
		require.NoError(t, err)
		_, err = Load(t.Context(), c, 4, 50*time.Millisecond) // fills pools
		require.NoError(t, err)
		s, err := Load(t.Context(), c, 4, 50*time.Millisecond)
		require.NoError(t, err)
		require.Less(t, s.Allocs, most, name)
		require.NoError(t, c.Close())
	}
}

func TestRawWindowIsNeverExceeded(t *testing.T) {
	t.Parallel()
	pr := serve(t, rawFrames)
	c, err := rawFrames.Dial(t.Context(), pr.Address)
	require.NoError(t, err)
	defer c.Close()
	raw := c.(*rawConn)
	for _, n := range []int{1, 7, 1000} {
		before := raw.seq
		s, err := raw.Load(t.Context(), n, 20*time.Millisecond)
		require.NoError(t, err)
		require.EqualValues(t, raw.seq-before, s.Calls, "all that was written is answered")
	}
}

func TestRawAnswersAreCountedInTheirOrder(t *testing.T) {
	t.Parallel()
	for want, answers := range map[int][]frame.Package{
		2: {{Seq: 1}, {Seq: 2}},
		1: {{Seq: 1}, {Seq: 3}, {Seq: 4}},
		0: {{Seq: 1, Header: frame.Header{SS: 1}}},
	} {
		var stream []byte
		for _, p := range answers {
			p.Version, p.Flags, p.Kind, p.Payload = frame.Version, frame.MsgPack, frame.Answer, []byte{0x80}
			var err error
			stream, err = frame.Append(stream, &p, frame.DefaultMaxPackage)
			require.NoError(t, err)
		}
		c := &rawConn{reader: frame.NewReader(bytes.NewReader(stream), frame.DefaultMaxPackage)}
		next := uint32(1)
		n, err := c.readSome(&next)
		require.Equal(t, want, n)
		require.Equal(t, want == len(answers), err == nil, "%d", want)
	}
}

func TestServerTellsWhatItUsesAndEndsWithItsInput(t *testing.T) {
	t.Parallel()
	pr := serve(t, fpnnServer)
	u, err := pr.Usage(t.Context())
	require.NoError(t, err)
	require.Positive(t, u.Memory)
	c, err := DialFPNN(t.Context(), pr.Addr)
	require.NoError(t, err)
	_, err = Load(t.Context(), c, 4, 50*time.Millisecond)
	require.NoError(t, err)
	cpu, err := pr.CPU(t.Context())
	require.NoError(t, err)
	require.Greater(t, cpu, u.CPU)
	conn := c.Conn()
	pr.Stop()
	<-conn.Done() // as the server has gone
	require.NoError(t, c.Close())
	_, err = pr.CPU(t.Context())
	require.Error(t, err)
}

func TestServerProfilesItself(t *testing.T) {
	t.Parallel()
	pr := serve(t, fpnnServer)
	path := t.TempDir() + "/cpu"
	require.NoError(t, pr.Profile(t.Context(), path))
	require.NoError(t, pr.Profile(t.Context(), ""))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotEmpty(t, b)
}

func TestServerThatDoesNotStartIsAnError(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Peer{Name: "nosuch"})
	require.ErrorContains(t, err, "server's process")
}

func TestRedisIsMissedWithAnAdvice(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := exec.LookPath(redisServer)
	require.Error(t, err)
	require.Contains(t, rueidisEcho.Missing(), "apt-get install redis-server")
}

func TestHistoryHasWhatItSays(t *testing.T) {
	t.Parallel()
	pr := serve(t, History)
	c, err := DialGate(t.Context(), pr.Address)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	for i := range Conversations {
		read := c.Pages(i)
		for range 20 {
			require.NoError(t, read())
		}
	}
}

// A wrong answer is no answer.
func TestAnswersAreChecked(t *testing.T) {
	t.Parallel()
	l, err := listenTCP(t.Context())
	require.NoError(t, err)
	var spoil func(q *quest)
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		text, err := q.Text("text")
		if err != nil {
			return nil, err
		}
		n, err := q.Int64("n")
		answer := &quest{text, n}
		spoil(answer)
		return answer, err
	}))
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	c, err := DialFPNN(t.Context(), l.Addr().String())
	require.NoError(t, err)
	spoil = func(*quest) {}
	require.NoError(t, c.Caller()())
	spoil = func(q *quest) { q.text += "x" }
	require.Equal(t, errAnswer, c.Caller()())
	spoil = func(q *quest) { q.n++ } // as that of another call
	require.Equal(t, errAnswer, c.Caller()())
	require.NoError(t, c.Close())
	require.NoError(t, srv.Close())
	require.ErrorIs(t, <-served, fpnn.ErrClosed)
}
