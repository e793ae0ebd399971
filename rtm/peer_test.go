package rtm_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// answering returns the address of a peer that answers every quest alike, and
// allocates nothing for it.
func answering(t testing.TB, answer codec.Appender) string {
	t.Helper()
	payload, err := answer.AppendPayload(nil)
	require.NoError(t, err)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	go func() {
		defer close(done)
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		r := frame.NewReader(nc, frame.DefaultMaxPackage)
		var (
			quest frame.Package
			out   []byte
		)
		for r.Read(&quest) == nil {
			out = frame.AppendAnswer(out[:0], frame.Version, frame.MsgPack, 0, quest.Seq)
			out = append(out, payload...)
			if frame.Finish(out, frame.DefaultMaxPackage) != nil {
				return
			}
			if _, err := nc.Write(out); err != nil {
				return
			}
		}
	}()
	return l.Addr().String()
}
