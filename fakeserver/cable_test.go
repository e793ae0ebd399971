package fakeserver_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
)

// patience is how long what has to come is waited for.
const patience = 20 * time.Second

// cable is one of the two networks a server may be on.
type cable struct {
	*fakeserver.Server
	tcp bool
	// settle returns when all that can arrive has: over TCP, where nothing tells,
	// after what would take as many steps many times over.
	settle func()
}

// onBoth runs a test on a network in memory, in a bubble, and over TCP.
func onBoth(t *testing.T, test func(t *testing.T, c cable)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			test(t, cable{fakeserver.New(t), false, synctest.Wait})
		})
	})
	t.Run("tcp", func(t *testing.T) {
		t.Parallel()
		tcp := fakeserver.WithTCP("127.0.0.1:0")
		bystander := fpnnClient(t, fakeserver.New(t, tcp), nil)
		test(t, cable{fakeserver.New(t, tcp), true, func() {
			for range 100 {
				_, err := bystander.Call(t.Context(), "*ping", nil)
				require.NoError(t, err)
			}
		}})
	})
}

func fpnnClient(t *testing.T, srv *fakeserver.Server, h fpnn.Handler) *fpnn.Client {
	t.Helper()
	opts := []fpnn.ClientOption{fpnn.WithDialer(srv.Dialer()), fpnn.WithoutKeepAlive(), fpnn.WithTimeout(patience)}
	if h != nil {
		opts = append(opts, fpnn.WithHandler(h))
	}
	c, err := fpnn.Dial(t.Context(), srv.Addr(), opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// talker is a client that asks, and is told things by the server.
type talker struct {
	t        *testing.T
	cable    cable
	client   *fpnn.Client
	link     *fakeserver.Link
	asked    *fakeserver.Rule
	answered chan error
	told     chan struct{}
}

func newTalker(t *testing.T, c cable) *talker {
	t.Helper()
	k := &talker{t: t, cable: c, answered: make(chan error, 100), told: make(chan struct{}, 100)}
	k.client = fpnnClient(t, c.Server, fpnn.OnewayFunc(func(context.Context, *fpnn.Quest) { k.told <- struct{}{} }))
	mine := k.client.Conn().LocalAddr().String()
	k.asked = c.On("ask", fakeserver.Reply(nil), fakeserver.Where(func(q *fpnn.Quest) bool {
		return q.Conn().RemoteAddr().String() == mine
	}))
	links := c.Network().Links()
	k.link = links[len(links)-1]
	for k.link.Conn() == nil { // it has yet to begin
		c.settle()
	}
	return k
}

// talk has something sent in both directions.
func (k *talker) talk() {
	k.t.Helper()
	go func() {
		_, err := k.client.Call(context.Background(), "ask", nil)
		k.answered <- err
	}()
	conn := k.link.Conn()
	require.NotNil(k.t, conn)
	require.NoError(k.t, conn.Notify(k.t.Context(), "tell", nil))
	k.cable.settle()
}

// arrived expects how much has come: quests to the server, and answers and quests
// to the client.
func (k *talker) arrived(asked, answered, told int) {
	k.t.Helper()
	require.Equal(k.t, asked, k.asked.Calls(), "quests to the server")
	require.Len(k.t, k.answered, answered, "answers to the client")
	require.Len(k.t, k.told, told, "quests to the client")
}

// arrives waits for quests to the server, and for answers and quests to the client.
func (k *talker) arrives(asked, answered, told int) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), patience)
	defer cancel()
	require.NoError(k.t, k.asked.Wait(ctx, asked))
	for range answered {
		require.NoError(k.t, <-k.answered)
	}
	for range told {
		select {
		case <-k.told:
		case <-ctx.Done():
			require.NoError(k.t, ctx.Err())
		}
	}
}

// ends waits for the end of a connection.
func ends(t *testing.T, conn *fpnn.Conn) {
	t.Helper()
	select {
	case <-conn.Done():
	case <-time.After(patience):
		t.Fatal("the connection goes on")
	}
}
