package wire

import (
	"strconv"

	"github.com/gofpnn/gofpnn/codec"
)

// Params are the parameters of a quest or an answer. They are named in one
// place, by visit, for the side that writes them and the side that reads them.
type Params interface{ visit(v *visitor) }

// Quest is what a method takes, besides what signs it.
type Quest interface {
	Params
	Method() string
}

// Signable is a quest on its way to the gate.
type Signable struct {
	Signed
	Quest
}

// AppendPayload appends the quest's parameters.
func (s *Signable) AppendPayload(b []byte) ([]byte, error) {
	return appendParams(b, s.Quest, func(v *visitor) {
		v.out = s.appendTo(v.out, s.Method())
		v.n += signedParams
	}), nil
}

// Answer is an answer on its way to the client.
type Answer struct{ Params }

// AppendPayload appends the answer's parameters.
func (a Answer) AppendPayload(b []byte) ([]byte, error) {
	return appendParams(b, a.Params, func(*visitor) {}), nil
}

func appendParams(b []byte, p Params, first func(v *visitor)) []byte {
	at := len(b)
	v := visitor{out: append(b, 0)}
	first(&v)
	p.visit(&v)
	v.out[at] = codec.AppendMapHeader(nil, v.n)[0] // all methods have fewer than 16
	return v.out
}

// Fields are the parameters in one payload. It is gone through once, by Open, for
// all who then read them: who is asked for credentials first, and for what is
// wanted if they are good, looks at each parameter once. The zero value has none.
type Fields struct{ reader }

// Open finds the parameters, in the place of others. They alias the payload until
// Close.
func (f *Fields) Open(p codec.Payload) {
	f.close()
	f.open(p)
}

// Close forgets them.
func (f *Fields) Close() { f.close() }

// Read reads the parameters of a quest, except for those that sign it, or of an
// answer. Nothing in them aliases the payload.
func (f *Fields) Read(into Params) error {
	f.err = nil
	into.visit(&visitor{in: &f.reader})
	return f.err
}

// Parse opens a payload and reads it, see [Fields.Read].
func Parse(p codec.Payload, into Params) error {
	var f Fields
	f.Open(p)
	return f.Read(into)
}

// visitor writes parameters to out, or reads them if there is an in.
type visitor struct {
	out []byte
	n   int
	in  *reader
}

// key begins the writing of a parameter.
func (v *visitor) key(key string) {
	v.out = codec.AppendString(v.out, key)
	v.n++
}

// number is an integer that must fit its type.
func number[T ~int8 | ~int16 | ~int32 | ~int64](v *visitor, key string, p *T) {
	if v.in == nil {
		v.key(key)
		v.out = codec.AppendInt(v.out, int64(*p))
		return
	}
	n := v.in.int(key)
	if *p = T(n); int64(*p) != n && v.in.err == nil {
		v.in.err = outOfRange(key)
	}
}

// optional is a number that is left out if it is 0.
func (v *visitor) optional(key string, p *int64) {
	if v.in != nil {
		*p = v.in.optional(key)
	} else if *p != 0 {
		number(v, key, p)
	}
}

func (v *visitor) bool(key string, p *bool) {
	if v.in != nil {
		*p = v.in.bool(key)
		return
	}
	v.key(key)
	v.out = codec.AppendBool(v.out, *p)
}

func (v *visitor) text(key string, p *string) {
	if v.in != nil {
		*p = v.in.text(key)
		return
	}
	v.key(key)
	v.out = codec.AppendString(v.out, *p)
}

// optionalText is a text that is left out if it is empty.
func (v *visitor) optionalText(key string, p *string) {
	if v.in == nil && *p == "" || v.in != nil && !v.in.has(key) {
		return
	}
	v.text(key, p)
}

func (v *visitor) ints(key string, p *[]int64) {
	if v.in != nil {
		*p = v.in.ints(key)
		return
	}
	v.key(key)
	v.out = appendInts(v.out, *p)
}

// types are message types, left out if there are none.
func (v *visitor) types(key string, p *[]int8) {
	if v.in != nil {
		*p = v.in.types(key)
	} else if len(*p) > 0 {
		v.key(key)
		v.out = appendTypes(v.out, *p)
	}
}

// kind is a kind of conversation by its number.
func (v *visitor) kind(key string, p *Kind) {
	number(v, key, p)
	if v.in != nil && v.in.err == nil && !p.Valid() {
		v.in.err = outOfRange(key)
	}
}

// body is a message's text or data.
func (v *visitor) body(key string, m *Message) {
	if v.in == nil {
		v.key(key)
		v.out = m.appendBody(v.out)
		return
	}
	value := read(v.in, key, asValue)
	if v.in.err == nil {
		if err := m.setBody(value, func(b []byte) string { return string(b) }); err != nil {
			v.in.err = named(key, err)
		}
	}
}

// counts are numbers by id. Ids are map keys as text, since not all SDKs read
// other keys.
func (v *visitor) counts(key string, p *map[int64]int32) {
	if v.in == nil {
		v.key(key)
		v.out = codec.AppendMapHeader(v.out, len(*p))
		for id, n := range *p {
			v.out = codec.AppendString(v.out, strconv.FormatInt(id, 10))
			v.out = codec.AppendInt(v.out, int64(n))
		}
		return
	}
	counts := read(v.in, key, codec.Value.Payload)
	*p = make(map[int64]int32, min(counts.Len(), usualRows))
	for k, value := range counts.All() {
		id, err := idOf(k)
		n, numErr := value.Int64()
		if err != nil || numErr != nil || n != int64(int32(n)) {
			v.in.err = &codec.Error{Key: key, Detail: "want numbers by id", Err: codec.ErrWrongType}
			return
		}
		(*p)[id] = int32(n)
	}
}

// idOf reads an id that is a map's key: a number, or text.
func idOf(k codec.Value) (int64, error) {
	if text, err := k.Text(); err == nil {
		return strconv.ParseInt(text, 10, 64)
	}
	return k.Int64()
}

func appendTypes(b []byte, types []int8) []byte {
	b = codec.AppendArrayHeader(b, len(types))
	for _, t := range types {
		b = codec.AppendInt(b, int64(t))
	}
	return b
}
