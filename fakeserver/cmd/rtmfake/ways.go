package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/gofpnn/gofpnn/fpnn/httpgate"
	"github.com/gofpnn/gofpnn/transport/secure"
)

// ways are the ways into the gate, as the command line has them.
type ways struct {
	listen                string
	tls                   string // "" for none
	certFile, certKeyFile string // "" for a certificate of its own
	web                   bool
	keyFile               string // "" for no encryption but TLS
}

func (w *ways) check() error {
	switch {
	case (w.certFile == "") != (w.certKeyFile == ""):
		return errors.New("-tls-cert and -tls-key need each other")
	case w.certFile != "" && w.tls == "":
		return errors.New("-tls-cert is for -tls")
	}
	if _, _, err := net.SplitHostPort(w.listen); err != nil {
		return fmt.Errorf("-listen: %w", err)
	}
	if w.tls == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(w.tls); err != nil {
		return fmt.Errorf("-tls: %w", err)
	}
	return nil
}

// entrance is where all clients come in.
type entrance struct {
	listener    net.Listener
	gate        *httpgate.Listener // the same; nil without -ws
	tls         net.Addr           // nil for none
	certificate []byte             // in PEM, if it is of this run
}

// open begins to listen.
func (w *ways) open() (*entrance, error) {
	key, err := w.readKey()
	if err != nil {
		return nil, err
	}
	in := new(entrance)
	if in.listener, err = listenTCP(w.listen); err != nil {
		return nil, err
	}
	if err := w.add(in, key); err != nil {
		discard(in.listener)
		return nil, err
	}
	return in, nil
}

// add adds to TCP what else there is.
func (w *ways) add(in *entrance, key *secure.PrivateKey) error {
	if w.tls != "" {
		if err := w.addTLS(in); err != nil {
			return err
		}
	}
	if key != nil {
		l, err := secure.NewListener(in.listener, secure.ServerConfig{Key: key})
		if err != nil {
			return err
		}
		in.listener = l
	}
	if w.web {
		in.gate = httpgate.NewListener(in.listener, httpgate.Config{})
		in.listener = in.gate
	}
	return nil
}

func (w *ways) addTLS(in *entrance) error {
	cert, err := w.readCertificate(in)
	if err != nil {
		return err
	}
	l, err := listenTCP(w.tls)
	if err != nil {
		return err
	}
	in.tls = l.Addr()
	in.listener = join(in.listener, tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}))
	return nil
}

// readCertificate returns the certificate that is given, or makes one.
func (w *ways) readCertificate(in *entrance) (cert tls.Certificate, err error) {
	if w.certFile != "" {
		if cert, err = tls.LoadX509KeyPair(w.certFile, w.certKeyFile); err != nil {
			err = fmt.Errorf("-tls-cert, -tls-key: %w", err)
		}
		return cert, err
	}
	host, _, err := net.SplitHostPort(w.tls)
	if err != nil {
		return cert, err
	}
	cert, in.certificate, err = makeCertificate(host)
	return cert, err
}

func (w *ways) readKey() (*secure.PrivateKey, error) {
	if w.keyFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(w.keyFile)
	if err != nil {
		return nil, fmt.Errorf("-key: %w", err)
	}
	key, err := secure.ParsePrivateKeyPEM(text)
	if err != nil {
		return nil, fmt.Errorf("-key %s: %w", w.keyFile, err)
	}
	return key, nil
}

func listenTCP(address string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(context.Background(), "tcp", address)
}

// discard closes a listener that nobody has accepted from, and waits for its
// goroutines.
func discard(l net.Listener) {
	_ = l.Close()
	_, _ = l.Accept()
}
