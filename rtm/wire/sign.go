package wire

import (
	"crypto/md5"
	"crypto/subtle"
	"strconv"
	"time"

	"github.com/gofpnn/gofpnn/codec"
)

// signature is the upper-case hex of an MD5.
type signature [2 * md5.Size]byte

const hexDigits = "0123456789ABCDEF"

// sign returns the signature of a quest, made of pid:secret:salt:method:ts.
func (p Project) sign(method string, salt, ts int64) (sign signature) {
	b := make([]byte, 0, 192)
	b = append(strconv.AppendInt(b, int64(p.ID), 10), ':')
	b = append(append(b, p.Secret...), ':')
	b = append(strconv.AppendInt(b, salt, 10), ':')
	b = append(append(b, method...), ':')
	b = strconv.AppendInt(b, ts, 10)
	for i, c := range md5.Sum(b) {
		sign[2*i], sign[2*i+1] = hexDigits[c>>4], hexDigits[c&0xf]
	}
	return sign
}

// Signed are the parameters that authenticate a quest, as the client writes them.
type Signed struct {
	Project Project
	Salt    int64 // not used before with the same method and Time
	// Time is in Unix seconds. 0 is the time of appending, which is that of sending:
	// a quest may wait for a connection for longer than gates tolerate.
	Time int64
}

const signedParams = 4

func (s *Signed) appendTo(b []byte, method string) []byte {
	at := s.Time
	if at == 0 {
		at = time.Now().Unix()
	}
	sign := s.Project.sign(method, s.Salt, at)
	b = codec.AppendInt(codec.AppendString(b, "pid"), int64(s.Project.ID))
	b = append(codec.AppendString(b, "sign"), 0xd9, byte(len(sign))) // as AppendString(string(sign))
	b = append(b, sign[:]...)
	b = codec.AppendInt(codec.AppendString(b, "salt"), s.Salt)
	return codec.AppendInt(codec.AppendString(b, "ts"), at)
}

// Auth are the same parameters as the server reads them.
type Auth struct {
	ProjectID int64
	Sign      []byte
	Salt      int64
	Time      int64 // Unix seconds
}

// Auth reads the parameters that authenticate a quest.
func (f *Fields) Auth() (a Auth, err error) {
	f.err = nil
	a = Auth{ProjectID: f.int("pid"), Sign: f.bytes("sign"), Salt: f.int("salt"), Time: f.int("ts")}
	return a, f.err
}

// ParseAuth opens a payload and reads its [Fields.Auth].
func ParseAuth(p codec.Payload) (Auth, error) {
	var f Fields
	f.Open(p)
	return f.Auth()
}

// Verify reports whether a was made for method by somebody who knows the secret.
func (p Project) Verify(method string, a Auth) bool {
	sign := p.sign(method, a.Salt, a.Time)
	return a.ProjectID == int64(p.ID) && subtle.ConstantTimeCompare(sign[:], a.Sign) == 1
}
