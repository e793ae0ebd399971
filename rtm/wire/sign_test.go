package wire_test

import (
	"crypto/md5"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// auth writes a signed quest and reads its credentials.
func auth(t *testing.T, s wire.Signed) wire.Auth {
	t.Helper()
	q := wire.Send{Signed: s, Target: wire.User(2), Message: wire.Message{Type: 51}}
	b, err := q.AppendPayload(nil)
	require.NoError(t, err)
	p, err := codec.ParsePayloadStrict(b)
	require.NoError(t, err)
	a, err := wire.ParseAuth(p)
	require.NoError(t, err)
	return a
}

func TestSignatureIsMD5OfFiveParts(t *testing.T) {
	t.Parallel()
	for _, s := range []wire.Signed{
		{Project: wire.Project{ID: 80000071, Secret: "secret"}, Salt: 1, Time: 2},
		{Project: wire.Project{ID: -1, Secret: ""}, Salt: -5, Time: -1},
		{Project: wire.Project{ID: math.MinInt32, Secret: wire.Secret(strings.Repeat("long", 100))}, Salt: math.MinInt64, Time: math.MaxInt64},
		{Project: wire.Project{ID: math.MaxInt32, Secret: "a:b:\x00\xff"}, Salt: math.MaxInt64, Time: math.MinInt64},
	} {
		sum := md5.Sum(fmt.Appendf(nil, "%d:%s:%d:sendmsg:%d", s.Project.ID, string(s.Project.Secret), s.Salt, s.Time))
		a := auth(t, s)
		require.Equal(t, fmt.Sprintf("%X", sum), string(a.Sign))
		require.True(t, s.Project.Verify("sendmsg", a))
	}
}

// A quest is signed when it goes into a package, however long ago it was made.
func TestTimeOfSigningIsThatOfAppending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := wire.Signed{Project: wire.Project{ID: 1, Secret: "secret"}, Salt: 2}
		first := auth(t, s)
		require.Equal(t, time.Now().Unix(), first.Time)
		<-time.After(time.Hour)
		second := auth(t, s)
		require.Equal(t, first.Time+3600, second.Time)
		require.True(t, s.Project.Verify("sendmsg", second))
	})
}

func TestChangedQuestDoesNotVerify(t *testing.T) {
	t.Parallel()
	project := wire.Project{ID: 1, Secret: "secret"}
	good := auth(t, wire.Signed{Project: project, Salt: 2, Time: 3})
	require.True(t, project.Verify("sendmsg", good))

	changes := map[string]func(a *wire.Auth){
		"project":         func(a *wire.Auth) { a.ProjectID++ },
		"wrapped project": func(a *wire.Auth) { a.ProjectID += 1 << 32 },
		"salt":            func(a *wire.Auth) { a.Salt++ },
		"time":            func(a *wire.Auth) { a.Time++ },
		"no sign":         func(a *wire.Auth) { a.Sign = nil },
		"short sign":      func(a *wire.Auth) { a.Sign = a.Sign[:31] },
		"long sign":       func(a *wire.Auth) { a.Sign = append(a.Sign, '0') },
		"lower case":      func(a *wire.Auth) { a.Sign = []byte(strings.ToLower(string(a.Sign))) },
		"one digit":       func(a *wire.Auth) { a.Sign[31] ^= 1 },
	}
	for name, change := range changes {
		a := good
		a.Sign = append([]byte{}, good.Sign...)
		change(&a)
		require.False(t, project.Verify("sendmsg", a), name)
	}
	require.False(t, project.Verify("sendgroupmsg", good), "method")
	require.False(t, wire.Project{ID: 1, Secret: "other"}.Verify("sendmsg", good), "secret")
	require.False(t, wire.Project{ID: 2, Secret: "secret"}.Verify("sendmsg", good), "project")
}

func TestQuestWithoutCredentialsIsRefused(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"pid", "sign", "salt", "ts"} {
		args := map[string]any{"pid": 1, "sign": strings.Repeat("0", 32), "salt": 1, "ts": 1}
		delete(args, missing)
		b, err := codec.Marshal(args)
		require.NoError(t, err)
		p, err := codec.ParsePayload(b)
		require.NoError(t, err)
		_, err = wire.ParseAuth(p)
		require.ErrorIs(t, err, codec.ErrNotFound)
		require.ErrorContains(t, err, missing)
	}
}
