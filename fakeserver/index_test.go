package fakeserver

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The index finds what a plain map would, while places are added and removed, also
// where hashes have much in common.
func TestIndexFindsWhatIsThere(t *testing.T) {
	t.Parallel()
	n := 0
	for name, hash := range map[string]func(r *rand.Rand) uint32{
		"random":           (*rand.Rand).Uint32,
		"first bits alike": func(r *rand.Rand) uint32 { return 0xabc<<20 | r.Uint32()>>12 },
		"first alike, then random": func(r *rand.Rand) uint32 {
			if n++; n < 3000 {
				return 0xabc<<20 | r.Uint32()>>12
			}
			return r.Uint32()
		},
		"most bits alike":    func(r *rand.Rand) uint32 { return 0xabcde<<12 | r.Uint32()>>20 },
		"last bits alike":    func(r *rand.Rand) uint32 { return r.Uint32() | 0xfff },
		"at the end of all":  func(r *rand.Rand) uint32 { return r.Uint32() | 0x1f0 },
		"no more than 2,000": func(r *rand.Rand) uint32 { return (1 + r.Uint32N(2000)) * 0x9e3779b1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2))
			var x index
			model := map[uint32][]uint32{} // places by hash
			var hashes []uint32            // one for each place
			for place := range uint32(20_000) {
				if n := random.IntN(10); n == 0 && len(hashes) > 0 || place > 15_000 && len(hashes) > 0 {
					i := random.IntN(len(hashes))
					h := hashes[i]
					at := random.IntN(len(model[h]))
					x.remove(h, model[h][at])
					model[h] = slices.Delete(model[h], at, at+1)
					hashes = slices.Delete(hashes, i, i+1)
				} else {
					h := max(1, hash(random))
					x.add(h, place)
					model[h] = append(model[h], place)
					hashes = append(hashes, h)
				}
				if place%997 > 0 {
					continue
				}
				for h, want := range model {
					require.ElementsMatch(t, want, slices.Collect(x.places(h)))
				}
				require.Empty(t, slices.Collect(x.places(0x80000001)))
			}
			used, share := 0, 0
			for _, p := range slices.Compact(x.parts) {
				used += p.used
				share += 1 << (x.depth - p.depth)
			}
			require.Equal(t, len(hashes), used)
			require.LessOrEqual(t, x.depth, maxDepth)
			require.Equal(t, 1<<x.depth, share, "each part has its own share of the hashes")
		})
	}
}

// Adding one to many moves no more than a part of them.
func TestIndexGrowsByParts(t *testing.T) {
	t.Parallel()
	const n = 1_000_000
	random := rand.New(rand.NewPCG(1, 2))
	var x index
	for place := range uint32(n) {
		x.add(max(1, random.Uint32()), place)
	}
	require.Less(t, len(x.parts), n/maxPart*16, "8 bytes each")
	slots := 0
	for _, p := range slices.Compact(x.parts) {
		require.LessOrEqual(t, len(p.slots), maxPart)
		slots += len(p.slots)
	}
	require.Less(t, slots, 5*n/2, "8 bytes each, too")
}

// The hash of an id says little: who it is that is at the places found says more.
func TestIDsOfOneHashAreToldApart(t *testing.T) {
	t.Parallel()
	c := filled(10, func(i int) int64 { return int64(i) + 1 })
	other := MessageID{2, 5}
	c.ids.add(other.hash(), 5) // as if the message there had that hash
	_, ok := c.place(other)
	require.False(t, ok)
}
