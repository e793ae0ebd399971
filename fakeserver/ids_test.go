package fakeserver

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// In whatever order ids come, each is taken once, for as long as its message is not
// forgotten, and the message is found by it.
func TestMessagesAreFoundInWhateverOrderIDsCome(t *testing.T) {
	t.Parallel()
	const n = 1000
	random := rand.New(rand.NewPCG(1, 2))
	shuffled := random.Perm(n)
	for name, id := range map[string]func(i int) MessageID{
		"rising":             func(i int) MessageID { return MessageID{1, int64(i)} },
		"falling":            func(i int) MessageID { return MessageID{1, int64(-i)} },
		"shuffled":           func(i int) MessageID { return MessageID{1, int64(shuffled[i])} },
		"rising, but late":   func(i int) MessageID { return MessageID{int64(i % 3), int64(i - i%3*100)} },
		"the same of two":    func(i int) MessageID { return MessageID{int64(i % 2), int64(i / 2)} },
		"one far ahead":      func(i int) MessageID { return MessageID{1, []int64{int64(i), math.MaxInt64}[i/50%2] - int64(i)*2} },
		"the lowest of all":  func(i int) MessageID { return MessageID{int64(i), math.MinInt64} },
		"the highest of all": func(i int) MessageID { return MessageID{int64(i), math.MaxInt64} },
	} {
		for _, forgotten := range []int{0, 1, chunkSize - 1, 1<<32 - n/2} {
			t.Run(fmt.Sprintf("%s, after %d", name, forgotten), func(t *testing.T) {
				t.Parallel()
				c := newConversation(forgotten)
				add := func(id MessageID) bool {
					_, ok := c.append(id.From, &wire.Message{ID: id.ID, Type: 51}, 1)
					return ok
				}
				first := 0
				for i := range n {
					require.True(t, add(id(i)))
					if i%7 == 0 {
						require.True(t, c.delete(id(i).From, id(i).ID))
					}
					if i%50 < 48 {
						continue
					}
					c.forget(150, 0)
					first = c.first - forgotten
					for j := range i + 1 {
						m, ok := c.get(id(j).From, id(j).ID)
						require.Equal(t, j >= first && j%7 > 0, ok, "%d of %d", j, i)
						if ok {
							require.EqualValues(t, forgotten+j+1, m.Cursor)
						}
						require.False(t, j >= first && add(id(j)), "%d of %d", j, i)
					}
				}
				require.Positive(t, first)
				for i := range 50 {
					require.True(t, add(id(i)), "forgotten")
					require.False(t, add(id(i)))
				}
				c.forget(0, 0)
				for i := range n {
					require.True(t, add(id(i)), "all forgotten")
				}
			})
		}
	}
}

// Ids that rise cost no room.
func TestRisingIDsNeedNoIndex(t *testing.T) {
	t.Parallel()
	c := filled(1000, func(i int) int64 { return int64(i) })
	require.Empty(t, c.ids)
	_, ok := c.append(1, &wire.Message{ID: 500, Type: 51}, 1000)
	require.False(t, ok)
	_, ok = c.append(2, &wire.Message{ID: 500, Type: 51}, 1000)
	require.True(t, ok)
	require.NotEmpty(t, c.ids)
}
