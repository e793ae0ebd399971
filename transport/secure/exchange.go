package secure

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// The key exchange is a quest and its answer:
//
//	*key {publicKey: X||Y, streamMode: bool, bits: 128 or 256}  ->  {}
//
// The quest is in the clear, everything after it is encrypted, the answer too.

const (
	methodKey = "*key"
	// maxExchange is the largest package of the exchange in bytes. A quest has
	// about 120, an answer 17 or an error's text more.
	maxExchange = 1 << 10
	// keySeq is the number of a client's quest. The answer never gets to who
	// reads, so it may be that of another quest too.
	keySeq = 1

	// paddedKey and paddedSecret are the lengths the vendor's Go SDK has on
	// every curve.
	paddedKey, paddedSecret = 64, 32
)

// offer is what a client offers.
type offer struct {
	key    *PublicKey
	padded bool // as the vendor's Go SDK does it on short curves
	stream bool
	bits   int
}

// appendOffer appends the quest.
func appendOffer(b []byte, o *offer) ([]byte, error) {
	start := len(b)
	b, err := frame.AppendQuest(b, frame.Version, frame.MsgPack, frame.Twoway, methodKey)
	if err != nil {
		return b, err
	}
	frame.SetSeq(b[start:], keySeq)
	b = codec.AppendMapHeader(b, 3)
	b = codec.AppendBytes(codec.AppendString(b, "publicKey"), o.key.xy)
	b = codec.AppendBool(codec.AppendString(b, "streamMode"), o.stream)
	b = codec.AppendInt(codec.AppendString(b, "bits"), int64(o.bits))
	return b, frame.Finish(b[start:], maxExchange)
}

// parseOffer reads the quest as the C++ server does, with two differences: the
// key has to be a point of the curve, and JSON is refused whatever it holds, as
// its strings, which are UTF-8, cannot hold a key.
func parseOffer(p *frame.Package, c Curve, padded bool) (*offer, error) {
	switch {
	case p.Kind != frame.Twoway:
		return nil, ErrOneway
	case p.Flags&frame.JSON != 0:
		return nil, ErrJSON
	}
	args, err := codec.ParsePayload(p.Payload)
	if err != nil {
		return nil, err
	}
	o := &offer{bits: DefaultBits}
	if args.Has("streamMode") {
		if o.stream, err = args.Bool("streamMode"); err != nil {
			return nil, err
		}
	}
	if v, err := args.Value("bits"); err == nil {
		if o.bits, err = parseBits(v); err != nil {
			return nil, err
		}
	}
	xy, err := args.Bytes("publicKey")
	if err != nil {
		return nil, err
	}
	if size := 2 * c.size(); padded && size < paddedKey && len(xy) == paddedKey && allZero(xy[size:]) {
		o.padded, xy = true, xy[:size]
	}
	o.key, err = newPublicKey(c, xy)
	return o, err
}

// parseBits takes a number or its digits, as the C++ server does.
func parseBits(v codec.Value) (int, error) {
	bits, err := v.Int64()
	if text, textErr := v.Text(); textErr == nil {
		bits, err = strconv.ParseInt(text, 10, 64)
	}
	if err != nil || bits != 128 && bits != 256 {
		return 0, ErrBits
	}
	return int(bits), nil
}

func allZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// keys are those the server shares with who made the offer.
func (o *offer) keys(k *PrivateKey) (keys, error) {
	secret, err := k.shared(o.key)
	if err != nil {
		return keys{}, err
	}
	if o.padded {
		secret = append(secret, make([]byte, paddedSecret-len(secret))...)
	}
	return deriveKeys(secret, o.bits), nil
}

// appendAccept appends the answer to the quest p.
func appendAccept(b []byte, p *frame.Package) ([]byte, error) {
	start := len(b)
	b = frame.AppendAnswer(b, p.Version, p.Flags, 0, p.Seq)
	b = codec.AppendMapHeader(b, 0)
	return b, frame.Finish(b[start:], maxExchange)
}

// checkAnswer looks whether b, decrypted, is the answer that accepts an offer.
// If b is only the beginning of it, it returns how many bytes there are to be at
// least; 0 if it is complete.
func checkAnswer(b []byte) (want int, err error) {
	var p frame.Package
	n, err := p.Parse(b, maxExchange)
	switch {
	case err != nil:
		return 0, err
	case len(b) < frame.HeaderSize:
		return frame.HeaderSize, nil
	case n == 0:
		h, err := frame.ParseHeader(b)
		return int(h.Size()), err
	case p.Kind != frame.Answer || p.Seq != keySeq:
		return 0, fmt.Errorf("%w: not the answer to *key", ErrRefused)
	case p.SS != 0:
		return 0, fmt.Errorf("%w: %s", ErrRefused, refusal(p.Payload))
	}
	return 0, nil
}

// refusal describes an error answer.
func refusal(payload []byte) string {
	args, err := codec.ParsePayload(payload)
	if err != nil {
		return "an answer that cannot be read"
	}
	code, _ := args.Int64("code")
	text, _ := args.Text("ex")
	return fmt.Sprintf("error %d, %q", code, text)
}
