package secure

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/sha256"
)

// keys are an AES key and the initialisation vector that goes with it. FPNN uses
// the same ones in both directions.
type keys struct {
	block cipher.Block
	iv    [md5.Size]byte
}

// deriveKeys makes the keys from a shared secret, of which bits are 128 or 256:
// 128 bits are its beginning; 256 bits are all of it, if it is that long, and
// its SHA-256 otherwise.
func deriveKeys(secret []byte, bits int) keys {
	key := secret[:16]
	switch {
	case bits == 128:
	case len(secret) == 32:
		key = secret
	default:
		sum := sha256.Sum256(secret)
		key = sum[:]
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // of another key length only
	}
	return keys{block, md5.Sum(secret)}
}

// FPNN encrypts with AES in CFB mode, with a feedback of 128 bits. The standard
// library deprecates the mode because it does not authenticate: whoever can
// change the ciphertext changes the plaintext, a flipped bit flipping the same
// bit and garbling the next 16 bytes, and no receiver notices. That cannot be
// mended on this side of the wire; doc.go says what follows. The functions are
// used here and nowhere else.
//
// A stream of the library's cannot be set back to its beginning, so package mode,
// where each package begins anew, pays three small allocations for each. A mode
// written here would not, but what encrypts is better left to the library.

func (k *keys) encrypter() cipher.Stream {
	return cipher.NewCFBEncrypter(k.block, k.iv[:]) //nolint:staticcheck // SA1019: the wire wants it, see above
}

func (k *keys) decrypter() cipher.Stream {
	return cipher.NewCFBDecrypter(k.block, k.iv[:]) //nolint:staticcheck // SA1019: the wire wants it, see above
}
