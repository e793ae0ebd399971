package fakeserver

import (
	"io"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// A package is in the journal before its peer can have it: as long as there is no
// place for the record of an answer, the client has no answer.
func TestRecordsAreMadeBeforeThePeerIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(t)
		full := &sink{ahead: maxAhead - 1, done: make(chan struct{})} // but for the quest
		s.journal.sink = full
		close(full.done)
		served := false
		s.On("hello", Do(func(c *Ctx) {
			records := s.Journal().Records()
			served = len(records) == 1 && records[0].Method == "hello"
			c.Reply(nil)
		}))
		nc, err := s.Dialer().DialContext(t.Context(), "tcp", s.Addr())
		require.NoError(t, err)
		defer nc.Close()
		quest, err := frame.Append(nil, &frame.Package{
			Header: frame.Header{Version: frame.Version, Flags: frame.MsgPack, Kind: frame.Twoway}, Seq: 1, Method: []byte("hello"), Payload: []byte{0x80},
		}, frame.DefaultMaxPackage)
		require.NoError(t, err)
		_, err = nc.Write(quest)
		require.NoError(t, err)
		answer := make(chan []byte, 1)
		go func() {
			b := make([]byte, frame.HeaderSize+4+1)
			if _, err := io.ReadFull(nc, b); err == nil {
				answer <- b
			}
		}()
		synctest.Wait()
		require.True(t, served, "the quest was in the journal when it was served")
		require.Empty(t, answer, "the answer is not")
		require.Len(t, s.Journal().Records(), 1)
		full.progress(slices.Repeat([]entry{{size: 0}}, maxAhead), 0, nil)
		synctest.Wait()
		require.Len(t, s.Journal().Records(), 2)
		require.Equal(t, s.Journal().Records()[1].Bytes, <-answer)
	})
}
