package fakeserver

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTextsStayWhatTheyWere(t *testing.T) {
	t.Parallel()
	var all texts
	var got, want []string
	for i := range 3000 {
		a, b := strings.Repeat(string(rune('a'+i%26)), i%1500), strings.Repeat("-", i%7)
		buf := []byte(a)
		got, want = append(got, all.join(buf, []byte(b))), append(want, a+b)
		clear(buf)
	}
	require.Equal(t, want, got)
}

// Short texts lie next to each other; long ones do not use up their room.
func TestTextsShareBlocks(t *testing.T) {
	t.Parallel()
	var all texts
	short, long := []byte(strings.Repeat("x", 100)), []byte(strings.Repeat("y", maxShare))
	for range 1000 {
		all.join(short, nil)
	}
	require.Greater(t, all.block.Cap(), maxBlock-1)
	require.Less(t, all.block.Cap(), maxBlock+1000, "no more is kept for the sake of one")
	n := all.block.Len()
	all.join(long, []byte("more"))
	require.Equal(t, n, all.block.Len())

	var one texts
	one.join([]byte("hello"), nil)
	require.Less(t, one.block.Cap(), 20, "little for little")
}
