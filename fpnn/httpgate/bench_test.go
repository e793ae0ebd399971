package httpgate_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/httpgate"
)

// BenchmarkPost measures quests on one HTTP connection, one at a time.
func BenchmarkPost(b *testing.B) {
	inner, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	require.NoError(b, err)
	serve(b, httpgate.NewListener(inner, httpgate.Config{}), methods(), make(chan error, 1))
	client := &http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	url := "http://" + inner.Addr().String() + "/service/echo"
	b.ReportAllocs()
	for b.Loop() {
		a, err := client.Post(url, "application/json", strings.NewReader(`{"from":1001, "to":1002, "text":"hello"}`))
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, a.Body)
		_ = a.Body.Close()
	}
}
