package secure_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/secure"
)

// Where the standard library would panic at a client's `*key`, a server does not
// begin.
func TestNoEncryptionWhereCFBIsForbidden(t *testing.T) {
	t.Parallel()
	if os.Getenv("GODEBUG") == "fips140=only" {
		_, err := secure.NewListener(nil, secure.ServerConfig{Key: new(secure.PrivateKey)})
		require.ErrorContains(t, err, "fips140")
		_, err = secure.NewDialer(nil, secure.ClientConfig{Key: new(secure.PublicKey)})
		require.ErrorContains(t, err, "fips140")
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "GODEBUG=fips140=only")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
