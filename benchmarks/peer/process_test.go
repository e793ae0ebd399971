package peer

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRedisEndsWithItsServersProcess(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(pr *Process){
		"killed":    (*Process).Kill,
		"crashed":   func(pr *Process) { _ = pr.cmd.Process.Kill() },
		"told so":   (*Process).Stop,
		"abandoned": func(pr *Process) { _ = pr.in.Close() },
	} {
		pr := serve(t, rueidisEcho)
		nc, err := new(net.Dialer).DialContext(t.Context(), "tcp", pr.Addr)
		require.NoError(t, err, name)
		end(pr)
		require.NoError(t, nc.SetReadDeadline(time.Now().Add(10*time.Second)))
		_, err = nc.Read(make([]byte, 1))
		require.Error(t, err, name)
		require.False(t, errors.Is(err, os.ErrDeadlineExceeded), "%s: redis-server is still there", name)
		require.NoError(t, nc.Close())
	}
}
