package rtm_test

import (
	"context"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/transport"
)

func TestListenSetGrowsShrinksAndIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		sender := dial(t, srv)
		var got collector
		c := dial(t, srv, rtm.WithHandler(got.handle))
		hears := func(want ...string) {
			t.Helper()
			got.pushes = nil
			for _, target := range []rtm.Target{rtm.Group(1), rtm.Group(2), rtm.Room(1), rtm.User(bob)} {
				_, err := sender.Send(t.Context(), alice, target, rtm.Message{Type: 66, Text: target.String()})
				require.NoError(t, err)
			}
			synctest.Wait()
			require.ElementsMatch(t, want, got.texts())
		}
		ctx := t.Context()
		hears()
		require.NoError(t, c.AddListen(ctx, rtm.ListenSet{Groups: []int64{1, 2}, Rooms: []int64{1}}))
		hears("group 1", "group 2", "room 1")
		require.NoError(t, c.RemoveListen(ctx, rtm.ListenSet{Groups: []int64{1}}))
		hears("group 2", "room 1")
		require.NoError(t, c.Listen(ctx, rtm.ListenSet{Groups: []int64{1}, Users: []int64{bob}}))
		hears("group 1", "room 1", "user 2002")
		require.NoError(t, c.Listen(ctx, rtm.ListenSet{Groups: []int64{}, Rooms: []int64{}}))
		hears("user 2002")
		require.NoError(t, c.ListenAll(ctx, rtm.ListenAll{Groups: true}))
		hears("user 2002", "group 1", "group 2")
		require.NoError(t, c.ListenAll(ctx, rtm.ListenAll{}))
		hears("user 2002")
		require.NoError(t, c.RemoveListen(ctx, rtm.ListenSet{Users: []int64{bob}}))
		hears()
		events := func() int {
			before := len(got.all())
			srv.PushEvent(fakeserver.Event{Name: "login"})
			synctest.Wait()
			return len(got.all()) - before
		}
		require.Zero(t, events())
		require.NoError(t, c.AddListen(ctx, rtm.ListenSet{Events: []string{"login"}}))
		require.Equal(t, 1, events())
		require.NoError(t, c.RemoveListen(ctx, rtm.ListenSet{Events: []string{"login"}}))
		require.Zero(t, events())
		set, all := c.Listening()
		require.Equal(t, rtm.ListenSet{}, set)
		require.Equal(t, rtm.ListenAll{}, all)
	})
}

// cuttable lets a test cut a client's connection.
type cuttable struct {
	dialer transport.Dialer
	mu     sync.Mutex
	nc     net.Conn
}

func (c *cuttable) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := c.dialer.DialContext(ctx, network, address)
	c.mu.Lock()
	c.nc = nc
	c.mu.Unlock()
	return nc, err
}

func (c *cuttable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.nc.Close()
}

func TestRefusedListenIsNotRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard []string
		refuse := false
		var line *cuttable
		l, dialer := listen(t)
		srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
			heard = append(heard, q.Method()+" "+q.String())
			if refuse {
				return nil, fpnn.Errorf(rtm.CodePermissionDenied, "no")
			}
			return nil, nil
		}))
		require.NoError(t, err)
		go srv.Serve(l)
		defer srv.Close()
		line = &cuttable{dialer: dialer}
		c, err := rtm.Dial(t.Context(), l.Addr().String(), rtm.Project{ID: 1, Secret: "s"}, rtm.WithDialer(line))
		require.NoError(t, err)
		defer c.Close()
		ctx := t.Context()
		require.NoError(t, c.AddListen(ctx, rtm.ListenSet{Groups: []int64{1, 2}, Events: []string{"login"}}))
		refuse = true
		for _, change := range []func() error{
			func() error { return c.AddListen(ctx, rtm.ListenSet{Groups: []int64{2, 3}, Rooms: []int64{4}}) },
			func() error { return c.RemoveListen(ctx, rtm.ListenSet{Groups: []int64{1}, Events: []string{"login"}}) },
			func() error { return c.Listen(ctx, rtm.ListenSet{Groups: []int64{}, Users: []int64{5}}) },
			func() error { return c.ListenAll(ctx, rtm.ListenAll{P2P: true}) },
		} {
			require.ErrorIs(t, change(), rtm.ErrPermissionDenied)
		}
		refuse, heard = false, nil
		line.cut()
		synctest.Wait()
		require.NoError(t, c.FPNN().Connect(ctx))
		require.Len(t, heard, 1)
		require.True(t, strings.HasPrefix(heard[0], "setlisten "), heard[0])
		require.Contains(t, heard[0], `"gids":[1, 2]`)
		require.Contains(t, heard[0], `"events":["login"]`)
		require.NotContains(t, heard[0], "rids")
	})
}

// What the gate's own troubles have made of a change nobody knows: it is said
// until it holds, whether it was carried out or not.
func TestChangeOfUnknownOutcomeHoldsInTheEnd(t *testing.T) {
	t.Parallel()
	for _, code := range []int{
		fpnn.CodeCoreUnknown, fpnn.CodeCoreConnectionClosed, fpnn.CodeCoreTimeout, fpnn.CodeCoreInvalidConnection,
		fpnn.CodeCoreWorkQueueFull, fpnn.CodeCoreServerStopping,
	} {
		for _, done := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				var b book
				var failing atomic.Bool
				g := play(t, func(_ context.Context, q *fpnn.Quest) (any, error) {
					if !failing.Swap(false) {
						b.note(t, q)
						return nil, nil
					}
					if done {
						b.note(t, q)
					}
					return nil, fpnn.Errorf(code, "trouble")
				})
				require.NoError(t, g.AddListen(t.Context(), rtm.ListenSet{Groups: []int64{1, 2}}))
				for _, change := range []func(context.Context, rtm.ListenSet) error{g.RemoveListen, g.AddListen} {
					failing.Store(true)
					require.Equal(t, code, fpnn.Code(change(t.Context(), rtm.ListenSet{Groups: []int64{2, 3}})))
					advance(t, time.Minute)
					set, _ := g.Listening()
					require.Equal(t, set.Groups, b.has(), "%d, done: %v", code, done)
				}
				require.Equal(t, []int64{1, 2, 3}, b.has())
			})
		}
	}
}

// Nothing is something to say, if the gate may have been told otherwise.
func TestLastRemovalOfUnknownOutcomeIsSaidAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b book
		g := play(t, func(ctx context.Context, q *fpnn.Quest) (any, error) {
			if q.Method() == "removelisten" { // not carried out, and nobody knows
				<-ctx.Done()
				return nil, ctx.Err()
			}
			b.note(t, q)
			return nil, nil
		}, rtm.WithTimeout(time.Second))
		require.NoError(t, g.AddListen(t.Context(), rtm.ListenSet{Groups: []int64{1}}))
		require.NoError(t, g.ListenAll(t.Context(), rtm.ListenAll{Rooms: true}))
		require.ErrorIs(t, g.RemoveListen(t.Context(), rtm.ListenSet{Groups: []int64{1}}), context.DeadlineExceeded)
		require.Equal(t, []int64{1}, b.has())
		advance(t, time.Minute)
		require.Empty(t, b.has())
		require.True(t, b.rooms)
	})
}

// gatePlayed is a client of a gate that a test plays, over a line it can cut.
type gatePlayed struct {
	*rtm.Client
	line *cuttable
	srv  *fpnn.Server
}

func play(t *testing.T, h fpnn.HandlerFunc, opts ...rtm.Option) gatePlayed {
	t.Helper()
	l, dialer := listen(t)
	srv, err := fpnn.NewServer(h)
	require.NoError(t, err)
	go srv.Serve(l)
	t.Cleanup(func() { _ = srv.Close() })
	line := &cuttable{dialer: dialer}
	c, err := rtm.Dial(t.Context(), l.Addr().String(), rtm.Project{ID: 1, Secret: "s"}, append(opts, rtm.WithDialer(line))...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return gatePlayed{c, line, srv}
}

// book is what a played gate was told to listen to, as a real one would keep it.
type book struct {
	mu     sync.Mutex
	groups map[int64]bool
	rooms  bool
	quests []string
}

func (b *book) note(t *testing.T, q *fpnn.Quest) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.quests = append(b.quests, q.Method())
	var ids struct {
		GIDs *[]int64 `msgpack:"gids"`
		Room *bool    `msgpack:"room"`
	}
	require.NoError(t, q.Decode(&ids))
	if q.Method() == "setlisten" && ids.GIDs != nil || b.groups == nil {
		b.groups = make(map[int64]bool)
	}
	if ids.GIDs != nil {
		for _, id := range *ids.GIDs {
			if b.groups[id] = true; q.Method() == "removelisten" {
				delete(b.groups, id)
			}
		}
	}
	if ids.Room != nil {
		b.rooms = *ids.Room
	}
}

func (b *book) has() (groups []int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.groups))
}

// What a client believes and what its gate was told are the same in the end,
// whatever happens to the connection, to answers and to callers meanwhile.
func TestConcurrentChangesAreNeverLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		books := make(map[*fpnn.Conn]*book)
		var mu sync.Mutex
		var slow atomic.Bool
		n := 0
		g := play(t, func(_ context.Context, q *fpnn.Quest) (any, error) {
			mu.Lock()
			b := books[q.Conn()]
			if b == nil {
				b = new(book)
				books[q.Conn()] = b
			}
			n++
			turn := n
			mu.Unlock()
			pace := 10 * time.Millisecond
			if slow.Load() { // a restore takes as long as changes have
				pace = time.Second
			}
			<-time.After(time.Duration(turn%7) * pace)
			switch turn % 11 {
			case 3: // not carried out
				return nil, fpnn.Errorf(rtm.CodeFrequencyLimit, "slowly")
			case 5: // carried out, and nobody knows
				b.note(t, q)
				return nil, fpnn.Errorf(fpnn.CodeCoreTimeout, "of the gate's own")
			case 7:
				return nil, fpnn.Errorf(fpnn.CodeCoreUnknown, "something went wrong")
			case 9: // too late
				b.note(t, q)
				<-time.After(time.Minute)
			default:
				b.note(t, q)
			}
			return nil, nil
		}, rtm.WithTimeout(5*time.Second))
		for round := range 40 {
			slow.Store(round%3 == 2)
			cuts := time.Now().Add(time.Duration(round%4) * 5 * time.Second)
			end := cuts.Add(10 * time.Second)
			var changes sync.WaitGroup
			for i := range int64(8) {
				changes.Go(func() {
					for k := int64(0); time.Now().Before(end); k++ {
						set := rtm.ListenSet{Groups: []int64{10*i + k%5}}
						switch k % 3 {
						case 0, 1:
							_ = g.AddListen(t.Context(), set)
						default:
							_ = g.RemoveListen(t.Context(), set)
						}
						<-time.After(time.Duration(i) * 30 * time.Millisecond)
					}
				})
			}
			for time.Now().Before(cuts) {
				<-time.After(1700 * time.Millisecond)
				g.line.cut()
			}
			changes.Wait()
			advance(t, 10*time.Minute)
			set, _ := g.Listening()
			conns := g.srv.Conns()
			require.Len(t, conns, 1)
			mu.Lock()
			require.Equal(t, set.Groups, books[conns[0]].has(), "round %d", round)
			mu.Unlock()
			require.NotEmpty(t, set.Groups)
		}
		require.Greater(t, len(books), 100)
	})
}

// Quests of one change after the other: a gate may serve them in another order
// than they come.
func TestChangesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		g := play(t, func(context.Context, *fpnn.Quest) (any, error) {
			most.Store(max(most.Load(), now.Add(1)))
			<-time.After(time.Second)
			now.Add(-1)
			return nil, nil
		}, rtm.WithTimeout(4500*time.Millisecond))
		start := time.Now()
		errs := make(chan error, 8)
		for i := range 8 { // the fifth is under way when the time is over; those behind have a little less
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if i > 4 {
				ctx, cancel = context.WithTimeout(ctx, 4400*time.Millisecond)
			}
			go func() {
				defer cancel()
				errs <- g.AddListen(ctx, rtm.ListenSet{Groups: []int64{int64(i)}})
			}()
			synctest.Wait()
		}
		for i := range cap(errs) {
			if err := <-errs; i < 4 {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
		}
		require.Equal(t, 4500*time.Millisecond, time.Since(start), "the client's time-out holds for the wait too")
		require.EqualValues(t, 1, most.Load())
		advance(t, time.Minute)
		set, _ := g.Listening()
		require.Equal(t, []int64{0, 1, 2, 3, 4}, set.Groups, "who gave up in line has changed nothing")
	})
}

// A change that a new connection was told of, and that is then refused, is taken
// back there too.
func TestChangeUndoneAfterARestoreIsUndoneAtTheGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b book
		var refuse atomic.Bool
		g := play(t, func(_ context.Context, q *fpnn.Quest) (any, error) {
			if q.Method() == "removelisten" && refuse.Load() {
				return nil, fpnn.Errorf(rtm.CodeFrequencyLimit, "slowly")
			}
			b.note(t, q)
			return nil, nil
		})
		require.NoError(t, g.AddListen(t.Context(), rtm.ListenSet{Groups: []int64{1, 2}}))
		advance(t, time.Minute)
		refuse.Store(true)
		g.line.cut()
		synctest.Wait()
		require.NoError(t, g.Connect(t.Context()))
		g.line.cut()
		synctest.Wait()
		require.ErrorIs(t, g.RemoveListen(t.Context(), rtm.ListenSet{Groups: []int64{1}}), rtm.ErrFrequencyLimit)
		advance(t, time.Minute)
		set, _ := g.Listening()
		require.Equal(t, []int64{1, 2}, set.Groups)
		require.Equal(t, []int64{1, 2}, b.has())
	})
}
