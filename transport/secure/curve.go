package secure

import (
	"encoding/asn1"
	"fmt"
)

// Curve is one of the elliptic curves of FPNN's key exchange.
type Curve uint8

// The curves. Of the vendor's SDKs all know Secp256r1 or Secp256k1; the other
// two are as good as C++ alone.
const (
	Secp192r1 Curve = iota + 1 // NIST P-192: weak, and its handshake takes milliseconds
	Secp224r1                  // NIST P-224
	Secp256r1                  // NIST P-256
	Secp256k1
)

// curves is indexed by Curve.
var curves = [...]struct {
	name  string
	size  int // of a coordinate, a private key and a shared secret, in bytes
	oid   asn1.ObjectIdentifier
	group group
}{
	{name: "unknown curve"},
	{"secp192r1", 24, asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 1}, p192},
	{"secp224r1", 28, asn1.ObjectIdentifier{1, 3, 132, 0, 33}, p224},
	{"secp256r1", 32, asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}, p256{}},
	{"secp256k1", 32, asn1.ObjectIdentifier{1, 3, 132, 0, 10}, koblitz{}},
}

func (c Curve) known() bool { return c > 0 && int(c) < len(curves) }

// String returns the curve's name as the C++ server's configuration has it.
func (c Curve) String() string {
	if !c.known() {
		return curves[0].name
	}
	return curves[c].name
}

func (c Curve) size() int    { return curves[c].size }
func (c Curve) group() group { return curves[c].group }

// curveOf returns the curve with an object identifier.
func curveOf(oid asn1.ObjectIdentifier) (Curve, error) {
	for c := Secp192r1; c.known(); c++ {
		if curves[c].oid.Equal(oid) {
			return c, nil
		}
	}
	return 0, fmt.Errorf("secure: object identifier %v: %w", oid, ErrCurve)
}

// group is the arithmetic of a curve. Points are X||Y, big endian. All slices
// that go in have the length the curve wants, and points given to shared have
// passed check.
type group interface {
	// check fails with ErrPoint unless xy is a point of the curve. The point at
	// infinity has no X and Y, and what stands for it elsewhere, (0, 0), is not
	// on any of these curves.
	check(xy []byte) error
	// public returns the public key of a scalar, or ErrScalar.
	public(scalar []byte) ([]byte, error)
	// shared returns the X coordinate of the product. It is never that of the
	// point at infinity: the order of these curves is prime.
	shared(scalar, xy []byte) ([]byte, error)
}
