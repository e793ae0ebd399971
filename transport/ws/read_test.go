package ws_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/ws"
)

const limit = 4096

func TestMessagesAreReadAsAByteStream(t *testing.T) {
	t.Parallel()
	small, large := pkg(t, 14), pkg(t, limit)
	for name, tt := range map[string]struct {
		frames [][]byte
		want   []byte
	}{
		"binary": {[][]byte{message(small)}, small},
		"text":   {[][]byte{clientFrame(final|opText, small)}, small},
		"several": {
			[][]byte{message(small), message(large), message(small)},
			bytes.Join([][]byte{small, large, small}, nil),
		},
		"fragmented": {[][]byte{
			clientFrame(opBinary, small[:1]), clientFrame(opContinuation, nil), clientFrame(opContinuation, small[1:13]),
			clientFrame(opContinuation, small[13:]), clientFrame(final|opContinuation, nil),
		}, small},
		"fragmented text": {[][]byte{clientFrame(opText, large[:4]), clientFrame(final|opContinuation, large[4:])}, large},
		"with control frames between": {[][]byte{
			clientFrame(final|opPong, []byte("unasked")), clientFrame(opBinary, small[:5]),
			clientFrame(final|opPing, nil), clientFrame(final|opContinuation, small[5:]), clientFrame(final|opPing, nil),
		}, small},
	} {
		for size, cut := range map[string]func(io.Reader) io.Reader{
			"whole":   func(r io.Reader) io.Reader { return r },
			"halves":  iotest.HalfReader,
			"bytes":   iotest.OneByteReader,
			"EOF too": iotest.DataErrReader,
		} {
			t.Run(name+"/"+size, func(t *testing.T) {
				t.Parallel()
				in := cut(bytes.NewReader(bytes.Join(tt.frames, nil)))
				c := upgrade(t, &ws.Upgrader{MaxPackage: limit}, &scripted{r: in})
				defer c.Close()
				got, err := io.ReadAll(iotest.OneByteReader(c))
				require.NoError(t, err, "a stream may end without a close frame")
				require.Equal(t, tt.want, got)
			})
		}
	}
}

// scripted is a connection that has all its input and takes any output.
type scripted struct {
	net.Conn
	r io.Reader
}

func (s *scripted) Read(b []byte) (int, error)  { return s.r.Read(b) }
func (s *scripted) Write(b []byte) (int, error) { return len(b), nil }
func (s *scripted) Close() error                { return nil }
func (s *scripted) LocalAddr() net.Addr         { return mem.Addr("local") }
func (s *scripted) RemoteAddr() net.Addr        { return mem.Addr("remote") }

// hugeFrame claims more than there will ever be.
func hugeFrame(first byte, payload []byte) []byte {
	b := binary.BigEndian.AppendUint64([]byte{first, 0x80 | 127}, math.MaxInt64)
	return append(append(b, 0, 0, 0, 0), payload...)
}

func TestWhatIsNotOnePackagePerMessageEndsTheConnection(t *testing.T) {
	t.Parallel()
	p := pkg(t, 64)
	tooLarge := pkg(t, limit+1)
	claim := bytes.Clone(p)
	binary.LittleEndian.PutUint32(claim[8:], math.MaxUint32)
	wrongMagic := append([]byte("fpnn"), p[4:]...)
	for name, tt := range map[string]struct {
		frames []byte
		status uint16
		cause  error
	}{
		"empty message":       {message(nil), 1003, nil},
		"empty fragments":     {append(clientFrame(opBinary, nil), clientFrame(final|opContinuation, nil)...), 1003, nil},
		"plain JSON":          {clientFrame(final|opText, []byte(`{"a":1}`)), 1003, nil},
		"longer JSON":         {clientFrame(final|opText, []byte(`{"method":"two way demo"}`)), 1003, frame.ErrMagic},
		"wrong magic":         {message(wrongMagic), 1003, frame.ErrMagic},
		"header alone":        {message(p[:12]), 1003, nil},
		"one package in two":  {append(message(p[:40]), message(p[40:])...), 1003, nil},
		"two packages in one": {message(append(bytes.Clone(p), p...)), 1003, nil},
		"one and a byte":      {message(append(bytes.Clone(p), 0)), 1003, nil},
		"one and a byte, in a new frame": {
			append(clientFrame(opBinary, p), clientFrame(final|opContinuation, []byte{0})...), 1003, nil,
		},
		"one byte too large":       {message(tooLarge), 1009, frame.ErrTooLarge},
		"claims four gigabytes":    {message(claim), 1009, frame.ErrTooLarge},
		"frame without end":        {hugeFrame(final|opBinary, append(bytes.Clone(p), p...)), 1003, nil},
		"unmasked":                 {serverFrame(final|opBinary, p), 1002, nil},
		"reserved bit":             {clientFrame(final|0x40|opBinary, p), 1002, nil},
		"unknown opcode":           {clientFrame(final|3, p), 1002, nil},
		"continues nothing":        {clientFrame(final|opContinuation, p), 1002, nil},
		"new message in a message": {append(clientFrame(opBinary, p[:20]), message(p)...), 1002, nil},
		"ping in pieces":           {clientFrame(opPing, nil), 1002, nil},
		"ping too long":            {clientFrame(final|opPing, make([]byte, 126)), 1002, nil},
		"close without a status":   {clientFrame(final|opClose, []byte{3}), 1002, nil},
		"close with no status":     {closeFrame(1005, ""), 1002, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, raw := serverConn(t, ws.Upgrader{MaxPackage: limit})
			raw.write(t, message(p), tt.frames)
			requireRead(t, c, p)
			got, err := io.ReadAll(c)
			require.Less(t, len(got), len(p), "a package has been completed")
			var protocol *ws.ProtocolError
			require.ErrorAs(t, err, &protocol)
			require.EqualValues(t, tt.status, protocol.Status)
			require.Equal(t, 20009, protocol.FPNNCode())
			if tt.cause != nil {
				require.ErrorIs(t, err, tt.cause)
			}
			_, again := c.Read(make([]byte, 1))
			require.Equal(t, err, again)

			closing := bubble.Start(func() (int, error) { return 0, c.Close() })
			raw.requireClose(t, tt.status)
			_, _ = raw.nc.Write(closeFrame(tt.status, "")) // not waited for where frames cannot be told apart
			raw.requireEOF(t)
			_, err = closing.Wait()
			require.NoError(t, err)
		})
	}
}

func TestEndsOfTheStream(t *testing.T) {
	t.Parallel()
	p := pkg(t, 64)
	for name, tt := range map[string]struct {
		frames []byte
		want   error
	}{
		"none":                   {nil, io.EOF},
		"normal":                 {closeFrame(1000, "bye"), io.EOF},
		"going away":             {closeFrame(1001, ""), io.EOF},
		"without a status":       {clientFrame(final|opClose, nil), io.EOF},
		"internal error":         {closeFrame(1011, "oops"), &ws.CloseError{Status: 1011, Reason: "oops"}},
		"application's":          {closeFrame(4000, "x"), &ws.CloseError{Status: 4000, Reason: "x"}},
		"inside a frame header":  {message(p)[:1], io.EOF}, // as good as before it
		"inside a header":        {message(p)[:10], io.ErrUnexpectedEOF},
		"inside a package":       {message(p)[:60], io.ErrUnexpectedEOF},
		"between fragments":      {clientFrame(opBinary, p[:20]), io.ErrUnexpectedEOF},
		"before the final frame": {clientFrame(opBinary, p), io.ErrUnexpectedEOF},
		"normal, in a message":   {append(clientFrame(opBinary, p[:20]), closeFrame(1000, "")...), io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, raw := serverConn(t, ws.Upgrader{})
			raw.write(t, message(p), tt.frames)
			require.NoError(t, raw.nc.(*mem.Conn).CloseWrite())
			requireRead(t, c, p)
			var err error
			for n := 1; n > 0; {
				n, err = c.Read(make([]byte, 100))
			}
			require.Equal(t, tt.want, err)
			_, again := c.Read(make([]byte, 1))
			require.Equal(t, err, again)
		})
	}
}

func TestPeersCloseFrameIsAnswered(t *testing.T) {
	t.Parallel()
	for _, status := range []uint16{1000, 1001, 1008, 4321} {
		c, raw := serverConn(t, ws.Upgrader{})
		raw.write(t, closeFrame(status, "why"))
		_, err := c.Read(make([]byte, 1))
		require.Error(t, err)
		raw.requireClose(t, status)
		raw.requireEOF(t)
		require.NoError(t, c.Close())
	}
}

func TestPingIsAnsweredWithItsPayload(t *testing.T) {
	t.Parallel()
	c, raw := serverConn(t, ws.Upgrader{})
	reading := startRead(c)
	for _, payload := range [][]byte{nil, []byte("hello"), bytes.Repeat([]byte{7}, 125)} {
		raw.write(t, clientFrame(final|opPing, payload))
		raw.requireFrame(t, final|opPong, payload)
	}
	raw.write(t, message(pkg(t, 16)))
	n, err := reading.Wait()
	require.NoError(t, err)
	require.NotZero(t, n)
}

func TestLostConnectionIsNotThePeersFault(t *testing.T) {
	t.Parallel()
	reset := errors.New("reset by a test")
	c := upgrade(t, new(ws.Upgrader), &scripted{r: iotest.ErrReader(reset)})
	defer c.Close()
	_, err := c.Read(make([]byte, 1))
	require.ErrorIs(t, err, reset)
	var op *net.OpError
	require.ErrorAs(t, err, &op)
	require.Equal(t, "read", op.Op)
}

func TestReadOfNothingDoesNotWait(t *testing.T) {
	t.Parallel()
	c, _ := serverConn(t, ws.Upgrader{})
	n, err := c.Read(nil)
	require.NoError(t, err)
	require.Zero(t, n)
}
