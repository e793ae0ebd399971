package ws_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/ws"
)

// FuzzRead has a peer send anything. Whatever it is, what is read are whole
// packages and at most a part of one, and it ends.
func FuzzRead(f *testing.F) {
	p := pkg(f, 40)
	f.Add(message(p))
	f.Add(append(message(p), closeFrame(1000, "bye")...))
	f.Add(append(clientFrame(opBinary, p[:7]), clientFrame(final|opContinuation, p[7:])...))
	f.Add(append(clientFrame(final|opPing, []byte("p")), clientFrame(final|opText, p)...))
	f.Add(message(append(bytes.Clone(p), p...)))
	f.Add(hugeFrame(final|opBinary, p))
	f.Add(serverFrame(final|opBinary, p))
	f.Fuzz(func(t *testing.T, in []byte) {
		c := upgrade(t, &ws.Upgrader{MaxPackage: 1000}, &scripted{r: bytes.NewReader(in)})
		defer c.Close()
		stream := new(bytes.Buffer)
		_, end := stream.ReadFrom(c)
		r := frame.NewReader(bytes.NewReader(stream.Bytes()), 1000)
		var err error
		for n := 0; err == nil; n++ {
			require.LessOrEqual(t, n, len(in)/frame.HeaderSize)
			err = r.Read(new(frame.Package))
		}
		if end == nil {
			require.Equal(t, io.EOF, err, "no part of a package at a clean end")
			return
		}
		require.Contains(t, []error{io.EOF, io.ErrUnexpectedEOF}, err)
	})
}

// FuzzWrite cuts a stream of packages anywhere: each leaves as a message.
func FuzzWrite(f *testing.F) {
	f.Add([]byte{14, 200, 20}, []byte{1, 11, 12, 13})
	f.Add([]byte{255, 255, 255}, []byte{255, 1})
	f.Fuzz(func(t *testing.T, sizes, cuts []byte) {
		near, far := mem.Pipe()
		c := upgrade(t, new(ws.Upgrader), near)
		raw := newPeer(far)
		var packages [][]byte
		for _, size := range sizes[:min(len(sizes), 50)] {
			packages = append(packages, pkg(t, 14+int(size)))
		}
		rest := bytes.Join(packages, nil)
		for _, cut := range cuts {
			n, err := c.Write(rest[:min(int(cut), len(rest))])
			require.NoError(t, err)
			rest = rest[n:]
		}
		_, err := c.Write(rest)
		require.NoError(t, err)
		for _, p := range packages {
			raw.requireFrame(t, final|opBinary, p)
		}
		require.NoError(t, far.Close())
		require.NoError(t, c.Close())
	})
}

// FuzzHandshake has a server answer anything.
func FuzzHandshake(f *testing.F) {
	f.Add([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
	f.Add([]byte("FPNN\x01\x80\x02\x00"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		d := ws.Dialer{Dialer: dialTo(&scripted{r: bytes.NewReader(answer)})}
		_, err := d.DialContext(t.Context(), "tcp", "ws://gate")
		require.Error(t, err, "the key is random")
	})
}
