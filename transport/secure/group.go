package secure

import (
	"crypto/ecdh"
	"crypto/elliptic"
	"math/big"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// Whether the time of a multiplication depends on the secret scalar, which an
// attacker who measures many handshakes might use:
//
//	secp256r1  no: crypto/ecdh
//	secp224r1  no, but for the conversion of its public result: crypto/elliptic
//	secp256k1  yes: decred's ECDH is not constant time
//	secp192r1  yes: the generic arithmetic of elliptic.CurveParams is on math/big

// uncompressed is the first byte of a point in the encoding of SEC 1.
const uncompressed = 4

// p256 is secp256r1.
type p256 struct{}

func (p256) check(xy []byte) error {
	_, err := p256{}.point(xy)
	return err
}

func (p256) point(xy []byte) (*ecdh.PublicKey, error) {
	p, err := ecdh.P256().NewPublicKey(append([]byte{uncompressed}, xy...))
	if err != nil {
		return nil, ErrPoint
	}
	return p, nil
}

func (p256) public(scalar []byte) ([]byte, error) {
	k, err := ecdh.P256().NewPrivateKey(scalar)
	if err != nil {
		return nil, ErrScalar
	}
	return k.PublicKey().Bytes()[1:], nil
}

func (p256) shared(scalar, xy []byte) ([]byte, error) {
	k, err := ecdh.P256().NewPrivateKey(scalar)
	if err != nil {
		return nil, ErrScalar
	}
	p, err := p256{}.point(xy)
	if err != nil {
		return nil, err
	}
	return k.ECDH(p)
}

// koblitz is secp256k1.
type koblitz struct{}

func (koblitz) check(xy []byte) error {
	_, err := koblitz{}.point(xy)
	return err
}

func (koblitz) point(xy []byte) (*secp256k1.PublicKey, error) {
	p, err := secp256k1.ParsePubKey(append([]byte{uncompressed}, xy...))
	if err != nil {
		return nil, ErrPoint
	}
	return p, nil
}

// scalar exists since decred's own function takes any number modulo the order.
func (koblitz) scalar(b []byte) (*secp256k1.PrivateKey, error) {
	var k secp256k1.PrivateKey
	if overflow := k.Key.SetByteSlice(b); overflow || k.Key.IsZero() {
		return nil, ErrScalar
	}
	return &k, nil
}

func (koblitz) public(scalar []byte) ([]byte, error) {
	k, err := koblitz{}.scalar(scalar)
	if err != nil {
		return nil, err
	}
	return k.PubKey().SerializeUncompressed()[1:], nil
}

func (koblitz) shared(scalar, xy []byte) ([]byte, error) {
	k, err := koblitz{}.scalar(scalar)
	if err != nil {
		return nil, err
	}
	p, err := koblitz{}.point(xy)
	if err != nil {
		return nil, err
	}
	return secp256k1.GenerateSharedSecret(k, p), nil
}

// weierstrass is a curve that crypto/ecdh does not have, y² = x³ - 3x + b over a
// field whose elements are as long as its scalars. Its methods of elliptic.Curve
// are deprecated in favour of crypto/ecdh, and used here and nowhere else.
type weierstrass struct{ elliptic.Curve }

var (
	p224 = weierstrass{elliptic.P224()}
	p192 = weierstrass{&elliptic.CurveParams{ // SEC 2, 2.2.2
		Name:    "P-192",
		BitSize: 192,
		P:       number("fffffffffffffffffffffffffffffffeffffffffffffffff"),
		N:       number("ffffffffffffffffffffffff99def836146bc9b1b4d22831"),
		B:       number("64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1"),
		Gx:      number("188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012"),
		Gy:      number("07192b95ffc8da78631011ed6b24cdd573f977a11e794811"),
	}}
)

func number(hex string) *big.Int {
	n, _ := new(big.Int).SetString(hex, 16)
	return n
}

func (w weierstrass) check(xy []byte) error {
	x, y := w.point(xy)
	p := w.Params().P
	// The library's curves panic when they are given anything else than a point.
	if x.Cmp(p) >= 0 || y.Cmp(p) >= 0 || !w.IsOnCurve(x, y) {
		return ErrPoint
	}
	return nil
}

func (w weierstrass) point(xy []byte) (x, y *big.Int) {
	half := len(xy) / 2
	return new(big.Int).SetBytes(xy[:half]), new(big.Int).SetBytes(xy[half:])
}

func (w weierstrass) public(scalar []byte) ([]byte, error) {
	if k := new(big.Int).SetBytes(scalar); k.Sign() == 0 || k.Cmp(w.Params().N) >= 0 {
		return nil, ErrScalar
	}
	x, y := w.ScalarBaseMult(scalar)
	xy := make([]byte, 2*len(scalar))
	x.FillBytes(xy[:len(scalar)])
	y.FillBytes(xy[len(scalar):])
	return xy, nil
}

func (w weierstrass) shared(scalar, xy []byte) ([]byte, error) {
	if err := w.check(xy); err != nil {
		return nil, err
	}
	x, y := w.point(xy)
	x, _ = w.ScalarMult(x, y, scalar)
	return x.FillBytes(make([]byte, len(scalar))), nil
}
