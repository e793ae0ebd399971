package secure_test

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/secure"
)

// curves are all curves, with the length of a coordinate, the prime of the field
// and the order of the base point (SEC 2).
var curves = []struct {
	secure.Curve
	size int
	p, n string
}{
	{
		secure.Secp192r1, 24, "fffffffffffffffffffffffffffffffeffffffffffffffff",
		"ffffffffffffffffffffffff99def836146bc9b1b4d22831",
	},
	{
		secure.Secp224r1, 28, "ffffffffffffffffffffffffffffffff000000000000000000000001",
		"ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d",
	},
	{
		secure.Secp256r1, 32, "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
	},
	{
		secure.Secp256k1, 32, "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
		"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
	},
}

func number(hex string) *big.Int {
	n, _ := new(big.Int).SetString(hex, 16)
	return n
}

func newKey(tb testing.TB, c secure.Curve) *secure.PrivateKey {
	tb.Helper()
	k, err := secure.GenerateKey(c)
	require.NoError(tb, err)
	return k
}

// TestWhatIsNoPointIsRefused is what keeps the arithmetic, which panics off the
// curve, and the private key, of which a point off the curve tells bits.
func TestWhatIsNoPointIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range curves {
		good := newKey(t, c.Curve).Public().Bytes()
		x, y := new(big.Int).SetBytes(good[:c.size]), new(big.Int).SetBytes(good[c.size:])
		p := number(c.p)
		xy := func(x, y *big.Int) []byte {
			b := make([]byte, 2*c.size)
			x.FillBytes(b[:c.size])
			y.FillBytes(b[c.size:])
			return b
		}
		one := big.NewInt(1)
		for _, tt := range []struct {
			name string
			xy   []byte
			want error
		}{
			{"a point", good, nil},
			{"its inverse", xy(x, new(big.Int).Sub(p, y)), nil},
			{"beside it", xy(x, new(big.Int).Xor(y, one)), secure.ErrPoint},
			{"the point at infinity", make([]byte, 2*c.size), secure.ErrPoint},
			{"x of the field's size", xy(p, y), secure.ErrPoint},
			{"y of the field's size", xy(x, p), secure.ErrPoint},
			{"all ones", bytes.Repeat([]byte{0xff}, 2*c.size), secure.ErrPoint},
			{"what the C++ server takes", bytes.Repeat([]byte{1}, 2*c.size), secure.ErrPoint},
			{"nothing", nil, secure.ErrKeyLength},
			{"a byte short", good[1:], secure.ErrKeyLength},
			{"a byte long", append([]byte{4}, good...), secure.ErrKeyLength},
			{"half of it", good[:c.size], secure.ErrKeyLength},
		} {
			t.Run(fmt.Sprintf("%v/%s", c, tt.name), func(t *testing.T) {
				t.Parallel()
				k, err := secure.NewPublicKey(c.Curve, tt.xy)
				require.ErrorIs(t, err, tt.want)
				if tt.want == nil {
					require.Equal(t, c.Curve, k.Curve())
					require.Equal(t, tt.xy, k.Bytes())
				}
			})
		}
	}
}

// A coordinate may be small enough to be written as itself plus the field's size:
// another form of the same point, which is refused. There is one such point on
// secp256r1 that is easily found, with x = 5.
func TestCoordinatesBeyondTheFieldAreRefusedAlsoWhereTheyMeanAPoint(t *testing.T) {
	t.Parallel()
	p := number(curves[2].p)
	x := big.NewInt(5)
	b := number("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b")
	y := new(big.Int).Exp(x, big.NewInt(3), p)
	y.Sub(y, new(big.Int).Mul(big.NewInt(3), x)).Add(y, b)
	require.NotNil(t, y.ModSqrt(y, p))
	xy := make([]byte, 64)
	y.FillBytes(xy[32:])
	x.FillBytes(xy[:32])
	_, err := secure.NewPublicKey(secure.Secp256r1, xy)
	require.NoError(t, err)
	x.Add(x, p).FillBytes(xy[:32])
	_, err = secure.NewPublicKey(secure.Secp256r1, xy)
	require.ErrorIs(t, err, secure.ErrPoint)
}

func TestPrivateKeysOutOfRangeAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range curves {
		n := number(c.n)
		for _, tt := range []struct {
			scalar *big.Int
			want   error
		}{
			{big.NewInt(0), secure.ErrScalar},
			{big.NewInt(1), nil},
			{new(big.Int).Sub(n, big.NewInt(1)), nil},
			{n, secure.ErrScalar},
			{new(big.Int).Add(n, big.NewInt(1)), secure.ErrScalar},
		} {
			_, err := secure.NewPrivateKey(c.Curve, tt.scalar.FillBytes(make([]byte, c.size)))
			require.ErrorIs(t, err, tt.want, "%v %x", c, tt.scalar)
		}
		for _, size := range []int{0, c.size - 1, c.size + 1} {
			_, err := secure.NewPrivateKey(c.Curve, make([]byte, size))
			require.ErrorIs(t, err, secure.ErrKeyLength, "%v %d", c, size)
		}
	}
}

func TestUnknownCurvesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []secure.Curve{0, 5, 255} {
		require.Equal(t, "unknown curve", c.String())
		_, err := secure.NewPublicKey(c, make([]byte, 64))
		require.ErrorIs(t, err, secure.ErrCurve)
		_, err = secure.NewPrivateKey(c, make([]byte, 32))
		require.ErrorIs(t, err, secure.ErrCurve)
		_, err = secure.GenerateKey(c)
		require.ErrorIs(t, err, secure.ErrCurve)
	}
}

func TestKeysOfOpenSSLAreRead(t *testing.T) {
	t.Parallel()
	for _, c := range curves {
		raw, err := os.ReadFile("testdata/openssl/" + c.String() + ".pem")
		require.NoError(t, err)
		public, err := secure.ParsePublicKeyPEM(raw)
		require.NoError(t, err)
		require.Equal(t, c.Curve, public.Curve())

		sec1, err := secure.ParsePrivateKeyPEM(raw)
		require.NoError(t, err)
		require.Equal(t, public, sec1.Public())
		_, rest := pem.Decode(raw) // parameters
		_, rest = pem.Decode(rest) // the key of SEC 1
		pkcs8, err := secure.ParsePrivateKeyPEM(rest)
		require.NoError(t, err)
		require.Equal(t, public, pkcs8.Public())
	}
}

func TestOtherPEMIsRefused(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/openssl/secp256r1.pem")
	require.NoError(t, err)
	var blocks []*pem.Block
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		blocks = append(blocks, block)
	}
	sec1, pkcs8, spki := blocks[1], blocks[2], blocks[3]
	change := func(b *pem.Block, from, to string) []byte {
		require.Contains(t, string(b.Bytes), from)
		changed := bytes.Replace(b.Bytes, []byte(from), []byte(to), 1)
		return pem.EncodeToMemory(&pem.Block{Type: b.Type, Bytes: changed})
	}
	const ecOID, curveOID, p384 = "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01", "\x2a\x86\x48\xce\x3d\x03\x01\x07", "\x2a\x86\x48\xce\x3d\x03\x01\x7f"
	for _, tt := range []struct {
		name string
		data []byte
		want error
	}{
		{"nothing", nil, secure.ErrPEM},
		{"no PEM", []byte("key"), secure.ErrPEM},
		{"a certificate", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE"}), secure.ErrPEM},
		{"no DER", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte{1}}), secure.ErrPEM},
		{"trailing bytes", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: append(bytes.Clone(spki.Bytes), 0)}), secure.ErrPEM},
		{"another algorithm", change(spki, ecOID, "\x06\x07\x2a\x86\x48\xce\x3d\x02\x02"), secure.ErrPEM},
		{"another curve", change(spki, curveOID, p384), secure.ErrCurve},
		{"compressed", change(spki, "\x00\x04", "\x00\x02"), secure.ErrPEM},
		{"not a point", change(spki, string(spki.Bytes[60:64]), "\x00\x00\x00\x00"), secure.ErrPoint},
	} {
		_, err := secure.ParsePublicKeyPEM(tt.data)
		require.ErrorIs(t, err, tt.want, tt.name)
	}
	for _, tt := range []struct {
		name string
		data []byte
		want error
	}{
		{"nothing", nil, secure.ErrPEM},
		{"a public key", pem.EncodeToMemory(spki), secure.ErrPEM},
		{"no DER", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte{1}}), secure.ErrPEM},
		{"another curve", change(sec1, curveOID, p384), secure.ErrCurve},
		{"another curve, PKCS #8", change(pkcs8, curveOID, p384), secure.ErrCurve},
		{"another algorithm", change(pkcs8, ecOID, "\x06\x07\x2a\x86\x48\xce\x3d\x02\x02"), secure.ErrPEM},
	} {
		_, err := secure.ParsePrivateKeyPEM(tt.data)
		require.ErrorIs(t, err, tt.want, tt.name)
	}
}

func FuzzPEM(f *testing.F) {
	for _, c := range curves {
		raw, err := os.ReadFile("testdata/openssl/" + c.String() + ".pem")
		require.NoError(f, err)
		for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
			f.Add(block.Type, block.Bytes)
		}
	}
	f.Fuzz(func(t *testing.T, typ string, der []byte) {
		data := pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der})
		if k, err := secure.ParsePublicKeyPEM(data); err == nil {
			_, err = secure.NewPublicKey(k.Curve(), k.Bytes())
			require.NoError(t, err)
		}
		if k, err := secure.ParsePrivateKeyPEM(data); err == nil {
			_, err = secure.NewPublicKey(k.Public().Curve(), k.Public().Bytes())
			require.NoError(t, err)
		}
	})
}

func TestPrivateKeyShowsItselfInNoFormat(t *testing.T) {
	t.Parallel()
	scalar := []byte("\x00 this private key is not to be.")[:32]
	k, err := secure.NewPrivateKey(secure.Secp256r1, scalar)
	require.NoError(t, err)
	listener, err := secure.NewListener(nil, secure.ServerConfig{Key: k})
	require.NoError(t, err)
	decimal := fmt.Sprintf("%d", scalar[1:])
	for _, v := range []any{k, *k, secure.ServerConfig{Key: k}, &secure.ServerConfig{Key: k}, listener} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("made", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "v", v)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			_, _ = fmt.Fprintf(&log, verb, v)
		}
		require.NotContains(t, log.String(), "private key is not")
		require.NotContains(t, log.String(), fmt.Sprintf("%x", scalar))
		require.NotContains(t, log.String(), decimal[1:len(decimal)-1])
	}
}
