package secure

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

const testLimit = 80 << 10

func testKeys() keys { return deriveKeys([]byte("a secret of not more than 32 byt"), 256) }

// pkg is a package with a payload of size bytes.
func pkg(tb testing.TB, kind frame.Kind, size int) []byte {
	tb.Helper()
	payload := make([]byte, size)
	for i := range payload {
		payload[i] = byte(i ^ i>>8)
	}
	p := frame.Package{Header: frame.Header{Version: 1, Flags: frame.MsgPack, Kind: kind}, Payload: payload, Seq: uint32(size)}
	if kind != frame.Answer {
		p.Method = []byte("m")
	}
	b, err := frame.Append(nil, &p, 1<<30)
	require.NoError(tb, err)
	return b
}

// pkgs are packages small and large.
func pkgs(tb testing.TB) (all []byte) {
	for _, size := range []int{1, 2, 100, 1, 5000, chunk, 1, testLimit - 16} {
		all = append(all, pkg(tb, frame.Answer, size)...)
		all = append(all, pkg(tb, frame.Oneway, 1)...)
	}
	return all
}

// bothModes runs f for each mode.
func bothModes(t *testing.T, f func(t *testing.T, stream bool)) {
	t.Helper()
	t.Parallel()
	for name, stream := range map[string]bool{"stream": true, "package": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, stream)
		})
	}
}

func seal(tb testing.TB, stream bool, plain []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	n, err := newSealer(testKeys(), stream, testLimit).write(&out, plain)
	require.NoError(tb, err)
	require.Equal(tb, len(plain), n)
	return out.Bytes()
}

// opening is an opener as an [io.Reader].
type opening struct {
	opener *opener
	r      *bufio.Reader
}

func open(stream bool, r io.Reader) opening {
	return opening{newOpener(testKeys(), stream, testLimit), bufio.NewReaderSize(r, readBuffer)}
}

func (o opening) Read(b []byte) (int, error) { return o.opener.read(o.r, b) }

func TestCiphertextDoesNotDependOnHowWritesAreCut(t *testing.T) {
	bothModes(t, func(t *testing.T, stream bool) {
		random := rand.New(rand.NewPCG(1, 2))
		for _, most := range []int{1, 13, 5000, 2 * chunk} {
			plain := pkgs(t)
			if most < 1000 {
				plain = append(pkg(t, frame.Twoway, 300), pkg(t, frame.Oneway, 1)...)
			}
			want := seal(t, stream, plain)
			var out bytes.Buffer
			s := newSealer(testKeys(), stream, testLimit)
			for rest := plain; len(rest) > 0; {
				piece := rest[:min(1+random.IntN(most), len(rest))]
				n, err := s.write(&out, piece)
				require.NoError(t, err)
				require.Equal(t, len(piece), n)
				rest = rest[n:]
			}
			require.True(t, bytes.Equal(want, out.Bytes()), "pieces of up to %d bytes", most)
		}
	})
}

func TestPlaintextDoesNotDependOnHowReadsAreCut(t *testing.T) {
	bothModes(t, func(t *testing.T, stream bool) {
		plain := pkgs(t)
		sealed := seal(t, stream, plain)
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"at once":         func(r io.Reader) io.Reader { return r },
			"byte by byte":    iotest.OneByteReader,
			"half":            iotest.HalfReader,
			"data with error": iotest.DataErrReader,
		} {
			for outer, wrapOuter := range map[string]func(io.Reader) io.Reader{
				"at once":      func(r io.Reader) io.Reader { return r },
				"byte by byte": iotest.OneByteReader,
				"half":         iotest.HalfReader,
			} {
				got, err := io.ReadAll(wrapOuter(open(stream, wrap(bytes.NewReader(sealed)))))
				require.NoError(t, err, "%s, read %s", name, outer)
				require.True(t, bytes.Equal(plain, got), "%s, read %s", name, outer)
			}
		}
	})
}

// A package may end anywhere in the buffer in which it is encrypted, and the next
// one's header not fit behind it.
func TestPackagesMayEndAnywhereInTheBuffer(t *testing.T) {
	bothModes(t, func(t *testing.T, stream bool) {
		for room := range 40 {
			plain := append(pkg(t, frame.Answer, chunk-room), pkg(t, frame.Oneway, 1)...)
			got, err := io.ReadAll(open(stream, bytes.NewReader(seal(t, stream, plain))))
			require.NoError(t, err)
			require.True(t, bytes.Equal(plain, got), "%d bytes of room", room)
		}
	})
}

// TestManySmallPackagesAreReadTogether holds that package mode does not cost a
// read of the socket for each package.
func TestManySmallPackagesAreReadTogether(t *testing.T) {
	t.Parallel()
	plain := bytes.Repeat(pkg(t, frame.Oneway, 1), 100)
	o := open(false, bytes.NewReader(seal(t, false, plain)))
	n, err := o.Read(make([]byte, 4096))
	require.NoError(t, err)
	require.Equal(t, len(plain), n)
}

// TestManySmallPackagesAreWrittenTogether holds the same of writes.
func TestManySmallPackagesAreWrittenTogether(t *testing.T) {
	bothModes(t, func(t *testing.T, stream bool) {
		writes := 0
		w := writerFunc(func(b []byte) (int, error) { writes++; return len(b), nil })
		_, err := newSealer(testKeys(), stream, testLimit).write(w, bytes.Repeat(pkg(t, frame.Oneway, 1), 1000))
		require.NoError(t, err)
		require.Equal(t, 1, writes)
	})
}

type writerFunc func(b []byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestWriteLeavesTheBytesOfItsCallerAlone(t *testing.T) {
	bothModes(t, func(t *testing.T, stream bool) {
		plain := pkgs(t)
		same := bytes.Clone(plain)
		seal(t, stream, plain)
		require.True(t, bytes.Equal(same, plain))
	})
}

// A package begun goes out as far as it is there: the peer may be waiting for a
// part of it.
func TestPartOfAPackageIsNotHeldBack(t *testing.T) {
	bothModes(t, func(t *testing.T, stream bool) {
		var out bytes.Buffer
		s := newSealer(testKeys(), stream, testLimit)
		for _, part := range [][]byte{pkg(t, frame.Answer, 100)[:12], make([]byte, 50)} {
			_, err := s.write(&out, part)
			require.NoError(t, err)
		}
		got := make([]byte, 62)
		_, err := io.ReadFull(open(stream, &out), got)
		require.NoError(t, err)
	})
}

func TestWhatIsNoPackageCannotBeWrittenInPackageMode(t *testing.T) {
	t.Parallel()
	good := pkg(t, frame.Answer, 100)
	for _, tt := range []struct {
		plain []byte
		want  error
	}{
		{[]byte("not a package"), frame.ErrMagic},
		{pkg(t, frame.Answer, testLimit-15), ErrTooLarge},
		{append(bytes.Clone(good), "not a package"...), frame.ErrMagic},
	} {
		s := newSealer(testKeys(), false, testLimit)
		_, err := s.write(io.Discard, tt.plain)
		var typed *Error
		require.ErrorAs(t, err, &typed)
		require.ErrorIs(t, err, tt.want)
		n, again := s.write(io.Discard, good)
		require.Equal(t, err, again, "the stream is at its end")
		require.Zero(t, n)
	}
}

// What follows bytes that were not written could not be decrypted.
func TestNothingIsWrittenAfterAFailedWrite(t *testing.T) {
	bothModes(t, func(t *testing.T, stream bool) {
		broken := errors.New("broken")
		left := 2
		w := writerFunc(func(b []byte) (int, error) {
			if left--; left < 0 {
				return 10, broken
			}
			return len(b), nil
		})
		s := newSealer(testKeys(), stream, 8*chunk)
		n, err := s.write(w, pkg(t, frame.Answer, 5*chunk))
		require.ErrorIs(t, err, broken)
		require.InDelta(t, 2*chunk, n, 4, "two whole chunks were written")
		left = 10
		n, err = s.write(w, pkg(t, frame.Answer, 1))
		require.ErrorIs(t, err, broken)
		require.Zero(t, n)
		require.Equal(t, 10, left)
	})
}

func TestUnitsThatAreNotOnePackageAreRefused(t *testing.T) {
	t.Parallel()
	// unit is content encrypted, with a length before it.
	unit := func(length uint32, content []byte) []byte {
		k := testKeys()
		b := binary.LittleEndian.AppendUint32(nil, length)
		b = append(b, content...)
		k.encrypter().XORKeyStream(b[lengthSize:], content)
		return b
	}
	small, two := pkg(t, frame.Answer, 1), bytes.Repeat(pkg(t, frame.Answer, 1), 2)
	for _, tt := range []struct {
		name string
		raw  []byte
		want error
	}{
		{"two packages", unit(uint32(len(two)), two), ErrUnit},
		{"a byte too many", unit(uint32(len(small)+1), append(bytes.Clone(small), 0)), ErrUnit},
		{"a byte short", unit(uint32(len(small)-1), small), ErrUnit},
		{"shorter than a header", unit(3, small), ErrUnit},
		{"empty", unit(0, small), ErrUnit},
		{"garbage", unit(20, make([]byte, 20)), frame.ErrMagic},
		{"not encrypted", append([]byte{17, 0, 0, 0}, small...), frame.ErrMagic},
		{"4 GiB", unit(1<<32-1, small), ErrTooLarge},
		{"2 GiB", unit(1<<31, small), ErrTooLarge},
		{"a byte over the limit", unit(testLimit+1, small), ErrTooLarge},
		{"package over the limit", unit(testLimit+1, pkg(t, frame.Answer, testLimit-15)), ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := open(false, io.MultiReader(bytes.NewReader(seal(t, false, small)), bytes.NewReader(tt.raw)))
			got, err := io.ReadAll(o)
			var typed *Error
			require.ErrorAs(t, err, &typed)
			require.ErrorIs(t, err, tt.want)
			require.Equal(t, small, got, "what came before is read")
			_, again := o.Read(make([]byte, 10))
			require.Equal(t, err, again)
		})
	}
}

func TestStreamEndingInsideAUnitIsUnexpected(t *testing.T) {
	t.Parallel()
	sealed := seal(t, false, pkg(t, frame.Answer, 100))
	for cut := 1; cut < len(sealed); cut++ {
		_, err := io.ReadAll(open(false, bytes.NewReader(sealed[:cut])))
		require.Equal(t, io.ErrUnexpectedEOF, err, "after %d bytes", cut)
	}
}

// A deadline may pass anywhere, and the read be tried again.
func TestReadsGoOnAfterATimeout(t *testing.T) {
	bothModes(t, func(t *testing.T, stream bool) {
		plain := pkgs(t)
		o := open(stream, iotest.OneByteReader(&unsteady{r: bytes.NewReader(seal(t, stream, plain))}))
		var got []byte
		b := make([]byte, 5000)
		for {
			n, err := o.Read(b)
			got = append(got, b[:n]...)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				require.ErrorIs(t, err, iotest.ErrTimeout)
			}
		}
		require.True(t, bytes.Equal(plain, got))
	})
}

// unsteady times out on every third read.
type unsteady struct {
	r     io.Reader
	reads int
}

func (u *unsteady) Read(b []byte) (int, error) {
	if u.reads++; u.reads%3 == 0 {
		return 0, iotest.ErrTimeout
	}
	return u.r.Read(b)
}

// FuzzOpener feeds an opener anything, whole and in pieces. In package mode what
// comes out is packages, as many as came in whole, and never more than came in.
func FuzzOpener(f *testing.F) {
	for _, stream := range []bool{true, false} {
		f.Add(stream, seal(f, stream, append(pkg(f, frame.Answer, 1), pkg(f, frame.Twoway, 300)...)), uint8(7))
	}
	f.Add(false, []byte{0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, uint8(1))
	f.Fuzz(func(t *testing.T, stream bool, data []byte, step uint8) {
		whole, err := io.ReadAll(open(stream, bytes.NewReader(data)))
		require.LessOrEqual(t, len(whole), len(data))
		pieces, pieceErr := io.ReadAll(open(stream, &dribble{data, int(step) + 1}))
		require.Equal(t, whole, pieces)
		require.Equal(t, err, pieceErr)
		if stream {
			require.NoError(t, err)
			require.True(t, bytes.Equal(data, seal(t, true, whole)))
			return
		}
		var typed *Error
		if err != nil && !errors.As(err, &typed) {
			require.Equal(t, io.ErrUnexpectedEOF, err)
		}
		for rest := whole; len(rest) > 0; {
			var p frame.Package
			n, err := p.Parse(rest, testLimit)
			require.NoError(t, err)
			if n == 0 {
				return
			}
			rest = rest[n:]
		}
	})
}

// dribble yields at most n bytes a Read.
type dribble struct {
	data []byte
	n    int
}

func (d *dribble) Read(b []byte) (int, error) {
	if len(d.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(d.n, len(b))], d.data)
	d.data = d.data[n:]
	return n, nil
}
