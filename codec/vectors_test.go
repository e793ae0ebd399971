package codec_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
)

// frame is one of the packages recorded between vendor programs.
type frame struct {
	Name    string `json:"name"`
	Hex     string `json:"frame_hex"`
	Decoded struct {
		Payload node `json:"payload"`
	} `json:"decoded"`
}

// node is a value with the form it was recorded in.
type node struct {
	Form  string          `json:"t"`
	Value json.RawMessage `json:"v"`
}

func (f frame) payload(t testing.TB) []byte {
	t.Helper()
	const header, mtypeAt, methodAt, sizeAt = 12, 6, 7, 8
	b := raw(t, f.Hex)
	require.Equal(t, "FPNN", string(b[:4]))
	size := int(binary.LittleEndian.Uint32(b[sizeAt:]))
	start := header
	if b[mtypeAt] != 0 { // all but oneway have a sequence number
		start += 4
	}
	if b[mtypeAt] != 2 { // all but answers have a method
		start += int(b[methodAt])
	}
	require.Len(t, b, start+size)
	return b[start:]
}

func vectors(t testing.TB) []frame {
	t.Helper()
	data, err := os.ReadFile("testdata/rtm-frames.json")
	require.NoError(t, err)
	var frames []frame
	require.NoError(t, json.Unmarshal(data, &frames))
	require.Len(t, frames, 194)
	return frames
}

func TestRecordedPayloadsReadAsRecorded(t *testing.T) {
	t.Parallel()
	values := 0
	for _, f := range vectors(t) {
		data := f.payload(t)
		n, err := codec.Scan(data)
		require.NoError(t, err, f.Name)
		require.Equal(t, len(data), n, f.Name)
		p, err := codec.ParsePayloadStrict(data)
		require.NoError(t, err, f.Name)
		v, err := codec.ParseValue(p.Raw())
		require.NoError(t, err, f.Name)
		values += requireEqualNode(t, f.Name, f.Decoded.Payload, v)

		_, err = v.Any()
		require.NoError(t, err, f.Name)
		var m map[string]any
		require.NoError(t, p.Decode(&m), f.Name)
		require.Len(t, m, p.Len(), f.Name)
		require.True(t, json.Valid([]byte(p.String())), f.Name)
	}
	require.Greater(t, values, 2000)
}

// requireEqualNode returns how many values it compared.
func requireEqualNode(t *testing.T, name string, want node, got codec.Value) int {
	t.Helper()
	unmarshal := func(into any) {
		t.Helper()
		d := json.NewDecoder(bytes.NewReader(want.Value))
		d.UseNumber()
		require.NoError(t, d.Decode(into), name)
	}
	form, _, isHex := strings.Cut(want.Form, "(")
	count := 1
	switch {
	case strings.Contains(form, "map"):
		var pairs []struct{ K, V node }
		unmarshal(&pairs)
		p, err := got.Payload()
		require.NoError(t, err, name)
		require.Equal(t, len(pairs), p.Len(), name)
		i := 0
		for k, v := range p.All() {
			count += requireEqualNode(t, name, pairs[i].K, k) + requireEqualNode(t, name, pairs[i].V, v)
			if key, err := k.Text(); err == nil {
				found, err := p.Value(key)
				require.NoError(t, err, name)
				require.Equal(t, v.Raw(), found.Raw(), name)
			}
			i++
		}
	case strings.Contains(form, "array"):
		var elements []node
		unmarshal(&elements)
		a, err := got.Array()
		require.NoError(t, err, name)
		require.Equal(t, len(elements), a.Len(), name)
		for i, v := range a.All() {
			count += requireEqualNode(t, name, elements[i], v)
		}
	case strings.Contains(form, "str"):
		var s string
		unmarshal(&s)
		text, err := got.Text()
		require.NoError(t, err, name)
		require.Equal(t, s, text, name)
		require.Equal(t, codec.String, got.Kind())
	case strings.HasPrefix(form, "bin"):
		require.True(t, isHex, want.Form)
		var s string
		unmarshal(&s)
		b, err := got.Bytes()
		require.NoError(t, err, name)
		require.Equal(t, s, hex.EncodeToString(b), name)
		require.Equal(t, codec.Bytes, got.Kind())
	case strings.Contains(form, "ext"):
		var s string
		unmarshal(&s)
		require.Equal(t, codec.Ext, got.Kind(), name)
		require.Equal(t, s, hex.EncodeToString(got.Raw()[2:]), name)
	case form == "bool":
		var b bool
		unmarshal(&b)
		v, err := got.Bool()
		require.NoError(t, err, name)
		require.Equal(t, b, v, name)
	case form == "nil":
		require.True(t, got.IsNil(), name)
	case strings.HasPrefix(form, "float"):
		var f float64
		unmarshal(&f)
		v, err := got.Float64()
		require.NoError(t, err, name)
		require.InDelta(t, f, v, 0, name)
	case strings.Contains(form, "int"):
		var n json.Number
		unmarshal(&n)
		if strings.HasPrefix(form, "uint") {
			u, err := got.Uint64()
			require.NoError(t, err, name)
			require.Equal(t, n.String(), strconv.FormatUint(u, 10), name)
			require.Equal(t, codec.Uint, got.Kind(), name)
			break
		}
		i, err := got.Int64()
		require.NoError(t, err, name)
		want, err := n.Int64()
		require.NoError(t, err, name)
		require.Equal(t, want, i, name)
	default:
		t.Fatalf("%s: unknown form %q", name, want.Form)
	}
	return count
}
