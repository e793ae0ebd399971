package fakeserver_test

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/rtm"
)

// dialect is how an SDK writes msgpack and frames, as recorded from it.
type dialect struct {
	version uint8
	integer func(b []byte, n int64) []byte
	text    func(b []byte, s string) []byte
	data    func(b []byte, d []byte) []byte
	// Python takes one value for salt and message id.
	saltIsID bool
}

// signed writes an integer in a signed form, but for those of one byte.
func signedForm(b []byte, n int64) []byte {
	switch {
	case n >= -32 && n < 128:
		return append(b, byte(n))
	case n == int64(int16(n)):
		return binary.BigEndian.AppendUint16(append(b, 0xd1), uint16(n))
	case n == int64(int32(n)):
		return binary.BigEndian.AppendUint32(append(b, 0xd2), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, 0xd3), uint64(n))
}

// wide writes every integer in 64 bits.
func wide(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(append(b, 0xd3), uint64(n)) }

// longText writes every text with a length of its own.
func longText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(append(b, 0xda), uint16(len(s))), s...)
}

func dataAsText(b []byte, d []byte) []byte { return codec.AppendString(b, string(d)) }

var dialects = map[string]dialect{
	"Go":     {1, signedForm, codec.AppendString, codec.AppendBytes, false},
	"Python": {0, codec.AppendInt, codec.AppendString, codec.AppendBytes, true},
	"Node":   {1, wide, codec.AppendString, codec.AppendBytes, false},
	"C++":    {1, codec.AppendInt, codec.AppendString, dataAsText, false},
	"widest": {255, wide, longText, codec.AppendBytes, false},
}

// speaker is a connection that speaks a dialect.
type speaker struct {
	t   *testing.T
	d   dialect
	srv *fakeserver.Server
	nc  net.Conn
	r   *frame.Reader
	seq uint32
}

// ask sends a quest with its parameters in the order given, and returns the
// answer.
func (s *speaker) ask(method string, id int64, params ...any) codec.Payload {
	s.t.Helper()
	project, now := s.srv.Project(), time.Now().Unix()
	salt := id
	if !s.d.saltIsID {
		salt++
	}
	sign := fmt.Sprintf("%X", md5.Sum(fmt.Appendf(nil, "%d:%s:%d:%s:%d", project.ID, string(project.Secret), salt, method, now)))
	all := slices.Concat(params, []any{"sign", sign, "ts", now, "pid", int64(project.ID), "salt", salt})
	b := codec.AppendMapHeader(nil, len(all)/2)
	for _, v := range all {
		b = s.value(b, v)
	}
	s.seq++
	pkg := frame.Package{
		Header:  frame.Header{Version: s.d.version, Flags: frame.MsgPack, Kind: frame.Twoway},
		Seq:     s.seq,
		Method:  []byte(method),
		Payload: b,
	}
	raw, err := frame.Append(nil, &pkg, frame.DefaultMaxPackage)
	require.NoError(s.t, err)
	raw[4] = s.d.version
	_, err = s.nc.Write(raw)
	require.NoError(s.t, err)
	var answer frame.Package
	require.NoError(s.t, s.r.Read(&answer))
	require.Equal(s.t, s.seq, answer.Seq)
	require.Equal(s.t, s.d.version, answer.Version, "echoed")
	p, err := codec.ParsePayloadStrict(append([]byte(nil), answer.Payload...))
	require.NoError(s.t, err)
	require.Zero(s.t, answer.SS, "%s: %s", method, p)
	return p
}

// hears has c send to a group and answers the push that tells of it.
func (s *speaker) hears(c *rtm.Client, group int64) {
	s.t.Helper()
	_, err := c.Send(s.t.Context(), 1, rtm.Group(group), rtm.Message{Type: 51, Text: "pushed"})
	require.NoError(s.t, err)
	var push frame.Package
	require.NoError(s.t, s.r.Read(&push))
	require.Equal(s.t, "pushgroupmsg", string(push.Method))
	p, err := codec.ParsePayload(push.Payload)
	require.NoError(s.t, err)
	text, err := p.Text("msg")
	require.NoError(s.t, err)
	require.Equal(s.t, "pushed", text)
	b := append(frame.AppendAnswer(nil, s.d.version, frame.MsgPack, 0, push.Seq), 0x80)
	require.NoError(s.t, frame.Finish(b, frame.DefaultMaxPackage))
	_, err = s.nc.Write(b)
	require.NoError(s.t, err)
}

func (s *speaker) value(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return s.d.text(b, v)
	case []byte:
		return s.d.data(b, v)
	case int64:
		return s.d.integer(b, v)
	case int:
		return s.d.integer(b, int64(v))
	case bool:
		return codec.AppendBool(b, v)
	case []int64:
		b = codec.AppendArrayHeader(b, len(v))
		for _, n := range v {
			b = s.d.integer(b, n)
		}
		return b
	case map[int64]struct{}: // as the Go SDK restores what is listened to
		b = codec.AppendMapHeader(b, len(v))
		for n := range v {
			b = codec.AppendMapHeader(s.d.integer(b, n), 0)
		}
		return b
	}
	s.t.Fatalf("no form for %T", v)
	return nil
}

func TestEveryDialectIsUnderstood(t *testing.T) {
	t.Parallel()
	for name, d := range dialects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := fakeserver.New(t, fakeserver.WithTCP("127.0.0.1:0"))
			nc, err := new(net.Dialer).DialContext(t.Context(), "tcp", srv.Addr())
			require.NoError(t, err)
			defer nc.Close()
			s := &speaker{t: t, d: d, srv: srv, nc: nc, r: frame.NewReader(nc, frame.DefaultMaxPackage)}
			const id = int64(7530343851100520577)
			long := fmt.Sprintf("%040d", 5)

			s.ask("sendmsg", id, "attrs", "a", "to", 2002, "mtype", 51, "from", 1001, "msg", long, "mid", id)
			s.ask("sendgroupmsg", id+2, "mtype", 51, "from", 1001, "gid", 128, "mid", id+2, "msg", []byte("\xff\x00"), "attrs", "")
			s.ask("sendmsgs", id+4, "mtype", 51, "from", 1001, "tos", []int64{1, 5_000_000_000}, "mid", id+4, "msg", "m", "attrs", "")
			s.ask("setlisten", id+6, "gids", map[int64]struct{}{100: {}, 101: {}}, "uids", map[int64]struct{}{})
			c, err := rtm.Dial(t.Context(), srv.Addr(), srv.Project())
			require.NoError(t, err)
			defer c.Close()
			s.hears(c, 100)
			s.ask("setlisten", id+8, "group", true, "room", false, "p2p", true, "ev", true)

			page := s.ask("getp2pmsg", id+10, "uid", 2002, "ouid", 1001, "desc", true, "num", 10)
			rows, err := page.Array("msgs")
			require.NoError(t, err)
			require.Equal(t, 1, rows.Len())
			count := s.ask("getmsgnum", id+12, "type", 2, "xid", 128)
			n, err := count.Int64("num")
			require.NoError(t, err)
			require.EqualValues(t, 1, n)

			// The other side sees what was meant.
			m, err := c.Get(t.Context(), 1001, rtm.User(2002), id)
			require.NoError(t, err)
			require.Equal(t, rtm.Message{ID: id, Type: 51, Text: long, Attrs: "a"}, m.Message)
			m, err = c.Get(t.Context(), 1001, rtm.Group(128), id+2)
			require.NoError(t, err)
			require.Equal(t, "\xff\x00", m.Text+string(m.Data))
			_, err = c.Get(t.Context(), 1001, rtm.User(5_000_000_000), id+4)
			require.NoError(t, err)
		})
	}
}

// The Python SDK gives all messages of a millisecond one id and one salt: the
// gate must take the repeated signature, and refuse only the id.
func TestRepeatedSaltIsNoReplay(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t)
	c := dial(t, srv)
	q := signed(srv)
	q.Message.ID = q.Salt
	_, err := c.Call(t.Context(), "sendmsg", q)
	require.NoError(t, err)
	q.Target.ID++
	_, err = c.Call(t.Context(), "sendmsg", q)
	require.NoError(t, err, "to somebody else")
}
