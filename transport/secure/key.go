package secure

import (
	"bytes"
	"crypto/rand"
	"fmt"
)

// PublicKey is a point of a curve: it has passed all checks.
type PublicKey struct {
	curve Curve
	xy    []byte
}

// NewPublicKey returns the public key X||Y, both big endian: 48, 56 or 64 bytes,
// as the curve has it. Another length is [ErrKeyLength]; what is not a point of
// the curve is [ErrPoint].
func NewPublicKey(c Curve, xy []byte) (*PublicKey, error) {
	k, err := newPublicKey(c, xy)
	if err != nil {
		return nil, fmt.Errorf("secure: %w", err)
	}
	return k, nil
}

func newPublicKey(c Curve, xy []byte) (*PublicKey, error) {
	switch {
	case !c.known():
		return nil, fmt.Errorf("public key: %w", ErrCurve)
	case len(xy) != 2*c.size():
		return nil, fmt.Errorf("public key of %v: %d bytes: %w", c, len(xy), ErrKeyLength)
	}
	if err := c.group().check(xy); err != nil {
		return nil, fmt.Errorf("public key of %v: %w", c, err)
	}
	return &PublicKey{c, bytes.Clone(xy)}, nil
}

// Curve returns the key's curve.
func (k *PublicKey) Curve() Curve { return k.curve }

// Bytes returns X||Y.
func (k *PublicKey) Bytes() []byte { return bytes.Clone(k.xy) }

// PrivateKey is a private key with its public one. No format shows it.
type PrivateKey struct {
	public *PublicKey
	agree  func(xy []byte) ([]byte, error) // holds the number, where package fmt does not look
}

// NewPrivateKey returns the private key with a number, big endian: 24, 28 or 32
// bytes, as the curve has it. This is what the C++ server's key file holds
// (FPNN.server.security.ecdh.privateKey). Another length is [ErrKeyLength], a
// number out of range [ErrScalar].
func NewPrivateKey(c Curve, scalar []byte) (*PrivateKey, error) {
	switch {
	case !c.known():
		return nil, fmt.Errorf("secure: private key: %w", ErrCurve)
	case len(scalar) != c.size():
		return nil, fmt.Errorf("secure: private key of %v: %d bytes: %w", c, len(scalar), ErrKeyLength)
	}
	xy, err := c.group().public(scalar)
	if err != nil {
		return nil, fmt.Errorf("secure: private key of %v: %w", c, err)
	}
	scalar = bytes.Clone(scalar)
	agree := func(xy []byte) ([]byte, error) { return c.group().shared(scalar, xy) }
	return &PrivateKey{&PublicKey{c, xy}, agree}, nil
}

// GenerateKey returns a new random key.
func GenerateKey(c Curve) (*PrivateKey, error) {
	if !c.known() {
		return nil, fmt.Errorf("secure: new key: %w", ErrCurve)
	}
	scalar := make([]byte, c.size())
	for {
		_, _ = rand.Read(scalar) // does not fail
		// All but one number in 2^32 at most are in range.
		if k, err := NewPrivateKey(c, scalar); err == nil {
			return k, nil
		}
	}
}

// Public returns the public key, for the clients' configuration.
func (k *PrivateKey) Public() *PublicKey { return k.public }

// shared returns the secret this key has in common with another.
func (k *PrivateKey) shared(peer *PublicKey) ([]byte, error) {
	if k.public.curve != peer.curve {
		return nil, ErrCurve
	}
	return k.agree(peer.xy)
}
