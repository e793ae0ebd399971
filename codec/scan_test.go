package codec_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
)

// everyForm holds one value of every form msgpack has.
var everyForm = []string{
	"00", "7f", "e0", "ff", "c0", "c2", "c3",
	"cc 80", "cd 0100", "ce 00010000", "cf 0000000100000000",
	"d0 80", "d1 8000", "d2 80000000", "d3 8000000000000000",
	"ca 3fc00000", "cb 3ff8000000000000",
	"a0", "a3 616263", "d9 03 616263", "da 0003 616263", "db 00000003 616263",
	"c4 00", "c4 03 616263", "c5 0003 616263", "c6 00000003 616263",
	"d4 01 aa", "d5 01 aaaa", "d6 01 aaaaaaaa", "d7 01 aaaaaaaaaaaaaaaa",
	"d8 01 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"c7 00 01", "c7 03 01 aaaaaa", "c8 0003 01 aaaaaa", "c9 00000003 01 aaaaaa",
	"90", "92 01 a161", "dc 0002 01 a161", "dd 00000002 01 a161", "dc 0000",
	"80", "81 a161 01", "de 0001 a161 01", "df 00000001 a161 01", "de 0000",
	"82 a161 92 81 01 02 90 a162 c7 00 05",
}

func TestScanMeasuresEveryForm(t *testing.T) {
	t.Parallel()
	for _, s := range everyForm {
		data := raw(t, s)
		n, err := codec.Scan(data)
		require.NoError(t, err, s)
		require.Equal(t, len(data), n, s)
		n, err = codec.Scan(append(data, 0xc1, 0xc1))
		require.NoError(t, err, "what follows the value is not looked at: %s", s)
		require.Equal(t, len(data), n, s)
	}
}

func TestScanRefusesEveryTruncation(t *testing.T) {
	t.Parallel()
	for _, s := range everyForm {
		data := raw(t, s)
		for i := range data {
			_, err := codec.Scan(data[:i:i])
			require.ErrorIs(t, err, codec.ErrMalformed, "%s cut to %d bytes", s, i)
		}
	}
	page := historyPage()
	for i := range page {
		_, err := codec.Scan(page[:i:i])
		require.ErrorIs(t, err, codec.ErrMalformed, "page cut to %d bytes", i)
	}
}

func TestScanRefusesTheByteThatIsNotUsed(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"c1", "91 c1", "81 c1 01", "81 01 c1", "92 90 c1"} {
		_, err := codec.Scan(raw(t, s))
		require.ErrorIs(t, err, codec.ErrMalformed, s)
	}
}

var hostile = []struct {
	name string
	data []byte
	want error
}{
	{"array of 2^32-1", []byte("\xdd\xff\xff\xff\xff"), codec.ErrMalformed},
	{"map of 2^32-1", []byte("\xdf\xff\xff\xff\xff"), codec.ErrMalformed},
	{"map whose doubled length is 0 in 32 bits", []byte("\xdf\x80\x00\x00\x00"), codec.ErrMalformed},
	{"str of 2^32-1", []byte("\xdb\xff\xff\xff\xff"), codec.ErrMalformed},
	{"bin of 2^31", []byte("\xc6\x80\x00\x00\x00"), codec.ErrMalformed},
	{"ext of 2^32-1", []byte("\xc9\xff\xff\xff\xff\x01"), codec.ErrMalformed},
	{"arrays of 65535 in one another", bytes.Repeat([]byte("\xdc\xff\xff"), 200), codec.ErrMalformed},
	{"20,000 nested arrays", nested(20000), codec.ErrTooDeep},
	{"20,000 nested arrays cut off", bytes.Repeat([]byte{0x91}, 20000), codec.ErrTooDeep},
	{"20,000 nested maps as values", bytes.Repeat([]byte("\x81\x01"), 20000), codec.ErrTooDeep},
	{"20,000 nested maps as keys", bytes.Repeat([]byte("\x81"), 20000), codec.ErrTooDeep},
	{"more than 1 Mi elements", append(codec.AppendArrayHeader(nil, codec.MaxElements+1), make([]byte, codec.MaxElements+1)...), codec.ErrTooMany},
}

func TestScanRefusesHostileInputWithATypedError(t *testing.T) {
	t.Parallel()
	for _, c := range hostile {
		n, err := codec.Scan(c.data)
		require.Zero(t, n, c.name)
		requireCode(t, err, c.want, 10003)
		_, err = codec.ParsePayload(c.data)
		require.ErrorIs(t, err, c.want, c.name)
	}
}

func TestScanAllocatesNothingWhateverTheInput(t *testing.T) {
	page := historyPage()
	requireNoAllocs(t, func() {
		for _, c := range hostile {
			_, _ = codec.Scan(c.data)
		}
		_, _ = codec.ScanMap(page)
		_, _ = codec.ScanMap([]byte{0x90})
	})
}

func TestScanBoundsNesting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		depth int
		want  error
	}{{1, nil}, {8, nil}, {9, nil}, {200, nil}, {256, nil}, {257, codec.ErrTooDeep}} {
		n, err := codec.Scan(nested(c.depth))
		if c.want != nil {
			require.ErrorIs(t, err, c.want, c.depth)
			continue
		}
		require.NoError(t, err, c.depth)
		require.Equal(t, c.depth, n)
	}
}

func TestScanComesBackFromDepthToSiblings(t *testing.T) {
	t.Parallel()
	inner := nested(100)
	data := append([]byte{0x93}, inner...)
	data = append(append(data, 0x2a), inner...)
	n, err := codec.Scan(append(data, 0xc1))
	require.NoError(t, err)
	require.Equal(t, len(data), n)
}

func TestScanBoundsElementsOfAllContainersTogether(t *testing.T) {
	t.Parallel()
	full := append(codec.AppendArrayHeader(nil, codec.MaxElements), make([]byte, codec.MaxElements)...)
	n, err := codec.Scan(full)
	require.NoError(t, err)
	require.Equal(t, len(full), n)

	pairs := append(codec.AppendMapHeader(nil, codec.MaxElements/2), make([]byte, codec.MaxElements)...)
	_, err = codec.Scan(pairs)
	require.NoError(t, err)
	pairs = append(codec.AppendMapHeader(nil, codec.MaxElements/2+1), make([]byte, codec.MaxElements+2)...)
	_, err = codec.Scan(pairs)
	require.ErrorIs(t, err, codec.ErrTooMany, "a pair counts twice")

	spread := codec.AppendArrayHeader(nil, 2)
	for range 2 {
		spread = append(codec.AppendArrayHeader(spread, codec.MaxElements/2), make([]byte, codec.MaxElements/2)...)
	}
	_, err = codec.Scan(spread)
	require.ErrorIs(t, err, codec.ErrTooMany)
}

func TestOnlyAMapIsAPayload(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"90", "c0", "01", "a161", "c3", "cb 0000000000000000", "d4 01 00"} {
		_, err := codec.ScanMap(raw(t, s))
		requireCode(t, err, codec.ErrNotMap, 10006)
		_, err = codec.ParsePayload(raw(t, s))
		require.ErrorIs(t, err, codec.ErrNotMap, s)
	}
	_, err := codec.ParsePayload(nil)
	require.ErrorIs(t, err, codec.ErrMalformed, "an empty payload is not legal")
}

func TestTrailingBytesAreLeftOutUnlessStrict(t *testing.T) {
	t.Parallel()
	data := raw(t, "81 a161 01 c1 ff")
	p, err := codec.ParsePayload(data)
	require.NoError(t, err)
	require.Equal(t, data[:4], p.Raw())
	require.Equal(t, 4, cap(p.Raw()), "appending to a view must not write over what follows")
	_, err = codec.ParsePayloadStrict(data)
	requireCode(t, err, codec.ErrTrailing, 10003)

	p, err = codec.ParsePayloadStrict(data[:4])
	require.NoError(t, err)
	require.Equal(t, 1, p.Len())
	_, err = codec.ParsePayloadStrict(data[:3])
	require.ErrorIs(t, err, codec.ErrMalformed)

	v, err := codec.ParseValue(raw(t, "2a c1"))
	require.NoError(t, err)
	require.Equal(t, []byte{0x2a}, v.Raw())
	_, err = codec.ParseValue(raw(t, "c1"))
	require.ErrorIs(t, err, codec.ErrMalformed)
}
