package secure

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
)

// crypto/x509 reads none of the keys here, since it knows neither secp192r1 nor
// secp256k1.

// oidEC is the algorithm of elliptic curve keys, id-ecPublicKey.
var oidEC = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}

// ParsePublicKeyPEM reads a public key as OpenSSL writes it and the vendor's SDKs
// want it: a block PUBLIC KEY with a named curve and an uncompressed point.
// Besides the errors of [NewPublicKey] there are [ErrPEM] and [ErrCurve].
func ParsePublicKeyPEM(data []byte) (*PublicKey, error) {
	var info struct { // SubjectPublicKeyInfo of RFC 5480
		Algorithm pkix.AlgorithmIdentifier
		PublicKey asn1.BitString
	}
	block := findPEM(data, "PUBLIC KEY")
	if block == nil || !unmarshal(block.Bytes, &info) {
		return nil, fmt.Errorf("secure: public key: %w", ErrPEM)
	}
	c, err := namedCurve(&info.Algorithm)
	if err != nil {
		return nil, err
	}
	point := info.PublicKey.RightAlign()
	if len(point) == 0 || point[0] != uncompressed {
		return nil, fmt.Errorf("secure: public key is not an uncompressed point: %w", ErrPEM)
	}
	return NewPublicKey(c, point[1:])
}

// ecPrivateKey is the ECPrivateKey of RFC 5915.
type ecPrivateKey struct {
	Version    int
	PrivateKey []byte
	Curve      asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
	PublicKey  asn1.BitString        `asn1:"optional,explicit,tag:1"`
}

// ParsePrivateKeyPEM reads a private key as OpenSSL writes it, unencrypted: a
// block EC PRIVATE KEY (SEC 1) or PRIVATE KEY (PKCS #8) with a named curve.
// Besides the errors of [NewPrivateKey] there are [ErrPEM] and [ErrCurve].
func ParsePrivateKeyPEM(data []byte) (*PrivateKey, error) {
	var key ecPrivateKey
	if block := findPEM(data, "EC PRIVATE KEY"); block != nil {
		if !unmarshal(block.Bytes, &key) {
			return nil, fmt.Errorf("secure: private key: %w", ErrPEM)
		}
		c, err := curveOf(key.Curve)
		if err != nil {
			return nil, err
		}
		return NewPrivateKey(c, key.PrivateKey)
	}
	var info struct { // PrivateKeyInfo of RFC 5208
		Version    int
		Algorithm  pkix.AlgorithmIdentifier
		PrivateKey []byte
	}
	block := findPEM(data, "PRIVATE KEY")
	if block == nil || !unmarshal(block.Bytes, &info) || !unmarshal(info.PrivateKey, &key) {
		return nil, fmt.Errorf("secure: private key: %w", ErrPEM)
	}
	c, err := namedCurve(&info.Algorithm)
	if err != nil {
		return nil, err
	}
	return NewPrivateKey(c, key.PrivateKey)
}

// findPEM returns the first block of a type, or nil.
func findPEM(data []byte, typ string) *pem.Block {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil || block.Type == typ {
			return block
		}
	}
}

// unmarshal reports whether der is one value of v's type and nothing else.
func unmarshal(der []byte, v any) bool {
	rest, err := asn1.Unmarshal(der, v)
	return err == nil && len(rest) == 0
}

func namedCurve(a *pkix.AlgorithmIdentifier) (Curve, error) {
	var oid asn1.ObjectIdentifier
	if !a.Algorithm.Equal(oidEC) || !unmarshal(a.Parameters.FullBytes, &oid) {
		return 0, fmt.Errorf("secure: not a key on a named curve: %w", ErrPEM)
	}
	return curveOf(oid)
}
