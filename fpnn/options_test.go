package fpnn_test

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport"
)

func TestOptionOutOfRangeIsRefusedByName(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]fpnn.Option{
		"WithTimeout(-1ns)":                                  fpnn.WithTimeout(-1),
		"WithWriteTimeout(0s)":                               fpnn.WithWriteTimeout(0),
		"WithWriteTimeout(-2s)":                              fpnn.WithWriteTimeout(-2 * time.Second),
		"WithReadTimeout(0s)":                                fpnn.WithReadTimeout(0),
		"WithReadTimeout(-1ns)":                              fpnn.WithReadTimeout(-1),
		"WithIdleTimeout(-1ns)":                              fpnn.WithIdleTimeout(-1),
		"WithLateTimeout(0s)":                                fpnn.WithLateTimeout(0),
		"WithLateTimeout(-1ms)":                              fpnn.WithLateTimeout(-time.Millisecond),
		"WithMaxPackage(1023)":                               fpnn.WithMaxPackage(1023),
		"WithMaxPackage(-1)":                                 fpnn.WithMaxPackage(-1),
		"WithMaxInFlight(0)":                                 fpnn.WithMaxInFlight(0),
		"WithMaxInFlight(-7)":                                fpnn.WithMaxInFlight(-7),
		"WithInbox(0)":                                       fpnn.WithInbox(0),
		"WithConcurrency(0)":                                 fpnn.WithConcurrency(0),
		"WithWriteBuffer(4095)":                              fpnn.WithWriteBuffer(4095),
		"WithLogger(nil)":                                    fpnn.WithLogger(nil),
		"WithEncoding(Encoding(2))":                          fpnn.WithEncoding(codec.Encoding(2)),
		"WithKeepAlive({Interval:0s":                         fpnn.WithKeepAlive(fpnn.KeepAlive{Timeout: 1}),
		"WithKeepAlive({Interval:1ns Timeout:0s":             fpnn.WithKeepAlive(fpnn.KeepAlive{Interval: 1}),
		"WithKeepAlive({Interval:1ns Timeout:1ns Retries:-1": fpnn.WithKeepAlive(fpnn.KeepAlive{Interval: 1, Timeout: 1, Retries: -1}),
	} {
		t.Run(name, func(t *testing.T) {
			c, err := fpnn.NewClient([]string{"x"}, o)
			require.ErrorContains(t, err, name)
			require.Nil(t, c)
			s, err := fpnn.NewServer(echoHandler, fpnn.WithName("fine"), o)
			require.ErrorContains(t, err, name)
			require.Nil(t, s)
			_, err = fpnn.Dial(t.Context(), "x", o)
			require.ErrorContains(t, err, name)
		})
	}
	for name, o := range map[string]fpnn.ClientOption{
		"WithHandler(nil)":                           fpnn.WithHandler(nil),
		"WithDialer(nil)":                            fpnn.WithDialer(nil),
		"WithDialTimeout(0s)":                        fpnn.WithDialTimeout(0),
		"WithDialTimeout(-1ns)":                      fpnn.WithDialTimeout(-1),
		"WithMaxWaiting(0)":                          fpnn.WithMaxWaiting(0),
		"WithOnConnect(nil)":                         fpnn.WithOnConnect(nil),
		"WithOnState(nil)":                           fpnn.WithOnState(nil),
		"WithReconnect({Min:0s":                      fpnn.WithReconnect(fpnn.Reconnect{}),
		"WithReconnect({Min:2s Max:1s":               fpnn.WithReconnect(fpnn.Reconnect{Min: 2 * time.Second, Max: time.Second}),
		"WithReconnect({Min:1ns Max:1ns Stable:-1ns": fpnn.WithReconnect(fpnn.Reconnect{Min: 1, Max: 1, Stable: -1}),
		"WithOnDisconnect(nil)":                      fpnn.WithOnDisconnect(nil),
		"WithMaxWaiting(-1)":                         fpnn.WithMaxWaiting(-1),
	} {
		_, err := fpnn.NewClient([]string{"x"}, o)
		require.ErrorContains(t, err, name)
	}
	_, err := fpnn.NewServer(echoHandler, fpnn.WithMaxBuffered(-1))
	require.ErrorContains(t, err, "WithMaxBuffered(-1)")
	_, err = fpnn.NewServer(nil)
	require.ErrorContains(t, err, "NewServer without a handler")
}

func TestOptionsAtTheEdgesOfTheirRangesAreTaken(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]fpnn.Option{
		"no time-out":     fpnn.WithTimeout(0),
		"long time-out":   fpnn.WithTimeout(math.MaxInt64),
		"write time-out":  fpnn.WithWriteTimeout(time.Minute),
		"read time-out":   fpnn.WithReadTimeout(math.MaxInt64),
		"no idle timeout": fpnn.WithIdleTimeout(0),
		"late time-out":   fpnn.WithLateTimeout(time.Nanosecond),
		"small packages":  fpnn.WithMaxPackage(1024),
		"one in flight":   fpnn.WithMaxInFlight(1),
		"inbox of one":    fpnn.WithInbox(1),
		"one at a time":   fpnn.WithConcurrency(1),
		"write buffer":    fpnn.WithWriteBuffer(4096),
		"logger":          fpnn.WithLogger(slog.New(slog.DiscardHandler)),
		"msgpack":         fpnn.WithEncoding(codec.MsgPack),
		"JSON":            fpnn.WithEncoding(codec.JSON),
		"keep-alive":      fpnn.WithKeepAlive(fpnn.KeepAlive{Interval: math.MaxInt64, Timeout: math.MaxInt64}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := pair(t, echoHandler, []fpnn.ServerOption{o, fpnn.WithMaxBuffered(0), fpnn.WithName("")},
				o, fpnn.WithMaxWaiting(1), fpnn.WithDialTimeout(time.Hour), fpnn.WithHandler(echoHandler))
			for i := range 3 {
				require.NoError(t, echoed(t.Context(), c, int64(i)))
			}
		})
	}
}

func TestBadEndpointsAreRefusedByName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		endpoints []string
		text      string
	}{
		{nil, "without an endpoint"},
		{[]string{}, "without an endpoint"},
		{[]string{""}, "empty endpoint"},
		{[]string{"127.0.0.1:1", ""}, "empty endpoint"},
		{[]string{"unix:"}, `"unix:"`},
		{[]string{"tls://"}, "empty endpoint"},
		{[]string{"udp://x"}, `"udp://x"`},
		{[]string{"127.0.0.1:1", "ws://x/path"}, `"ws://x/path"`},
	} {
		c, err := fpnn.NewClient(tt.endpoints)
		require.ErrorContains(t, err, tt.text)
		require.Nil(t, c)
		if len(tt.endpoints) == 1 {
			_, err := fpnn.Dial(t.Context(), tt.endpoints[0])
			require.ErrorContains(t, err, tt.text)
		}
	}
}

func TestDialerGetsNetworkAndAddressOfTheEndpoint(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string][2]string{
		"127.0.0.1:1":   {"tcp", "127.0.0.1:1"},
		"[::1]:1":       {"tcp", "[::1]:1"},
		"unix:/run/s":   {"unix", "/run/s"},
		"unix:relative": {"unix", "relative"},
		"any name":      {"tcp", "any name"},
	} {
		var got [2]string
		_, err := fpnn.Dial(t.Context(), endpoint, fpnn.WithDialer(transport.DialerFunc(func(_ context.Context, network, address string) (net.Conn, error) {
			got = [2]string{network, address}
			return nil, net.ErrClosed
		})))
		require.ErrorIs(t, err, net.ErrClosed)
		require.Equal(t, want, got)
	}
}

func TestEncodingOfTheClientsQuests(t *testing.T) {
	t.Parallel()
	for enc, want := range map[codec.Encoding]struct {
		flags   frame.Flags
		payload []byte
	}{
		codec.MsgPack: {frame.MsgPack, []byte("\x81\xa1n\x07")},
		codec.JSON:    {frame.JSON, []byte(`{"n":7}`)},
	} {
		t.Run(enc.String(), func(t *testing.T) {
			t.Parallel()
			quests := make(chan frame.Package, 2)
			c := newPeer(t, func(p *peer) {
				for q, ok := p.read(); ok; q, ok = p.read() {
					quests <- q
					if q.Kind == frame.Twoway { // in the encoding asked for or not: both read alike
						p.write(answer(q.Seq, 0, []byte("\x81\xa1n\x08")))
					}
				}
			}, fpnn.WithEncoding(enc))
			a, err := c.Call(t.Context(), "m", num(7))
			require.NoError(t, err)
			n, err := a.Int64("n")
			require.NoError(t, err)
			require.EqualValues(t, 8, n)
			require.NoError(t, c.Notify(t.Context(), "m", num(7)))
			for _, kind := range []frame.Kind{frame.Twoway, frame.Oneway} {
				q := <-quests
				require.Equal(t, kind, q.Kind)
				require.Equal(t, want.flags, q.Flags)
				require.True(t, bytes.Equal(want.payload, q.Payload), "%q", q.Payload)
			}
		})
	}
}
