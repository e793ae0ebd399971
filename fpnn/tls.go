package fpnn

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/pkg/errors"
)

// WithTLS has a client speak TLS, also to endpoints that do not ask for it with
// "tls://". The server's certificate is verified, unless cfg says otherwise, for the
// endpoint's host if cfg names no server. At least TLS 1.2 is spoken. Default: TLS
// with the system's roots to "tls://" endpoints only.
func WithTLS(cfg *tls.Config) ClientOption {
	return clientOption(func(c *Client) error {
		if cfg == nil {
			return errors.New("fpnn: WithTLS(nil)")
		}
		c.tls = cfg
		return nil
	})
}

// ServeTLS is [Server.Serve] for clients that speak TLS, at least 1.2. cfg needs a
// certificate. As with C++ servers it is a port of its own: what speaks no TLS
// there is closed. A handshake has as long as [WithIdleTimeout] allows.
func (s *Server) ServeTLS(l net.Listener, cfg *tls.Config) error {
	if cfg == nil || len(cfg.Certificates) == 0 && cfg.GetCertificate == nil && cfg.GetConfigForClient == nil {
		return errors.New("fpnn: ServeTLS without a certificate")
	}
	return s.Serve(tls.NewListener(l, modern(cfg)))
}

// modern returns cfg with a minimum of TLS 1.2, also of those it gives clients.
func modern(cfg *tls.Config) *tls.Config {
	forClient := cfg.GetConfigForClient
	if cfg.MinVersion >= tls.VersionTLS12 && forClient == nil {
		return cfg
	}
	cfg = cfg.Clone()
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	if forClient != nil {
		cfg.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			c, err := forClient(hello)
			if c != nil {
				c = modern(c)
			}
			return c, err
		}
	}
	return cfg
}

// encrypt speaks TLS on nc, which is closed if that fails.
func (c *Client) encrypt(ctx context.Context, nc net.Conn, e endpoint) (net.Conn, error) {
	cfg := c.tls
	if cfg == nil {
		cfg = new(tls.Config)
	}
	if cfg = modern(cfg); cfg.ServerName == "" && !cfg.InsecureSkipVerify {
		cfg = cfg.Clone()
		cfg.ServerName = e.address
		if host, _, err := net.SplitHostPort(e.address); err == nil {
			cfg.ServerName = host
		}
	}
	conn := tls.Client(nc, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, errors.WithMessage(notTLS(err), "TLS handshake")
	}
	return conn, nil
}

// notTLS says so if err shows that the peer speaks no TLS.
func notTLS(err error) error {
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		return errors.WithMessage(err, "peer does not speak TLS")
	}
	return err
}
