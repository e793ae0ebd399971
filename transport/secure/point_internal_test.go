package secure

import (
	"bytes"
	"crypto/elliptic"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

// equations are the curves as y² = x³ + ax + b over the field of p, in plain
// arithmetic.
var equations = map[Curve]struct{ p, a, b *big.Int }{
	Secp192r1: {p192.Params().P, big.NewInt(-3), p192.Params().B},
	Secp224r1: {elliptic.P224().Params().P, big.NewInt(-3), elliptic.P224().Params().B},
	Secp256r1: {elliptic.P256().Params().P, big.NewInt(-3), elliptic.P256().Params().B},
	Secp256k1: {number("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"), new(big.Int), big.NewInt(7)},
}

func satisfies(c Curve, xy []byte) bool {
	e := equations[c]
	x, y := new(big.Int).SetBytes(xy[:c.size()]), new(big.Int).SetBytes(xy[c.size():])
	if x.Cmp(e.p) >= 0 || y.Cmp(e.p) >= 0 {
		return false
	}
	left := new(big.Int).Mul(y, y)
	right := new(big.Int).Mul(x, x)
	right.Add(right, e.a).Mul(right, x).Add(right, e.b)
	return left.Sub(left, right).Mod(left, e.p).Sign() == 0
}

// FuzzPoint holds that a public key is taken if and only if it is a point of its
// curve, and that the arithmetic bears what is taken.
func FuzzPoint(f *testing.F) {
	own := map[Curve]*PrivateKey{}
	for c := Secp192r1; c.known(); c++ {
		own[c] = newTestKey(f, c)
		good := newTestKey(f, c).Public().Bytes()
		inverse, beyond := bytes.Clone(good), bytes.Clone(good)
		y := new(big.Int).SetBytes(good[c.size():])
		new(big.Int).Sub(equations[c].p, y).FillBytes(inverse[c.size():])
		equations[c].p.FillBytes(beyond[:c.size()])
		for _, xy := range [][]byte{good, inverse, beyond, make([]byte, 2*c.size()), bytes.Repeat([]byte{0xff}, 2*c.size()), good[1:]} {
			f.Add(uint8(c-1), xy)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, xy []byte) {
		c := Curve(which%4) + 1
		k, err := NewPublicKey(c, xy)
		if len(xy) != 2*c.size() {
			require.ErrorIs(t, err, ErrKeyLength)
			return
		}
		if !satisfies(c, xy) {
			require.ErrorIs(t, err, ErrPoint)
			return
		}
		require.NoError(t, err)
		secret, err := own[c].shared(k)
		require.NoError(t, err)
		require.Len(t, secret, c.size())
	})
}
