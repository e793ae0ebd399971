package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

const defaultListen = "127.0.0.1:13325"

const help = `usage: rtmfake [flags]

An RTM gate for programs in any language to be tested against. It keeps everything
in memory and serves until it is interrupted. When it can be connected to, it prints
"listening on ADDR". Point a client at that address, with the project of -pid and
the secret of -secret; if the flags are left out:
  RTM_SECRET=%s rtm send -endpoint %s -pid %d -from 1001 -group 7 hello
The exit code is 0 after an interruption, 1 for a failure, 2 for wrong usage.

`

// config is what the command line says.
type config struct {
	ways    ways
	options []fakeserver.Option
	state   string // a file; "" for none
	web     *web   // nil for none
}

// loadState returns what the last run has left; nil if there was none.
func (c *config) loadState() (*fakeserver.State, error) {
	if c.state == "" {
		return nil, nil
	}
	file, err := os.Open(c.state)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("-state: %w", err)
	}
	st, err := fakeserver.ReadState(bufio.NewReader(file))
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("-state %s: %w", c.state, err)
	}
	return st, nil
}

// saveState writes the state, if it is to be kept.
func (c *config) saveState(srv *fakeserver.Server) error {
	if c.state == "" {
		return nil
	}
	return srv.State().Save(c.state)
}

// parse reads the command line. To who asks for it, help is written to stdout, and
// the error is [flag.ErrHelp].
func parse(args []string, stdout io.Writer) (*config, error) {
	cfg := new(config)
	flags := flag.NewFlagSet("rtmfake", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are told without the help
	flags.Usage = func() {}
	flags.StringVar(&cfg.ways.listen, "listen", defaultListen, "TCP `address` to serve on; port 0 takes a free one")
	flags.StringVar(&cfg.ways.tls, "tls", "", "another TCP `address`, to serve on over TLS")
	flags.StringVar(&cfg.ways.certFile, "tls-cert", "", "`file` with the certificates for -tls, in PEM; without it there is one for this run, which is printed")
	flags.StringVar(&cfg.ways.certKeyFile, "tls-key", "", "`file` with the private key of -tls-cert, in PEM")
	flags.BoolVar(&cfg.ways.web, "ws", false, "serve WebSocket and HTTP as well, on the same addresses")
	flags.StringVar(&cfg.ways.keyFile, "key", "", "`file` with a private elliptic curve key, in PEM, for clients that want FPNN's own encryption")
	pid := flags.Int64("pid", fakeserver.DefaultProject, "the project's `id`")
	secret := flags.String("secret", fakeserver.DefaultSecret, "the `key` quests are signed with")
	journal := flags.String("journal", "", "`file` to write all packages to, made anew, users' tokens left out")
	tokens := flags.Bool("journal-tokens", false, "have users' tokens in the -journal: do not share it then")
	flags.StringVar(&cfg.state, "state", "", "`file` to begin from and to save to, at once and in the end")
	strict := flags.Bool("strict", false, "have the limits of RTM's documentation")
	lenient := flags.Bool("lenient", false, "have no limits (the default)")
	page := flags.String("http", "", "TCP `address` to show a page and metrics on, 127.0.0.1 if it has no host")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			_, _ = fmt.Fprintf(stdout, help, fakeserver.DefaultSecret, defaultListen, fakeserver.DefaultProject)
			flags.SetOutput(stdout)
			flags.PrintDefaults()
		}
		return nil, err
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case *pid == 0:
		return nil, errors.New("-pid 0 is no project")
	case *pid < math.MinInt32 || *pid > math.MaxInt32:
		return nil, fmt.Errorf("-pid %d does not fit 32 bits", *pid)
	case *secret == "":
		return nil, errors.New("-secret is empty: anybody could sign")
	case *tokens && *journal == "":
		return nil, errors.New("-journal-tokens needs -journal")
	case *journal != "" && filepath.Clean(*journal) == filepath.Clean(cfg.state):
		return nil, errors.New("-journal and -state are one file: either would overwrite the other")
	case *strict && *lenient:
		return nil, errors.New("-strict and -lenient exclude each other")
	}
	if err := cfg.ways.check(); err != nil {
		return nil, err
	}
	cfg.options = append(cfg.options, fakeserver.WithProject(wire.Project{ID: int32(*pid), Secret: wire.Secret(*secret)}))
	if *journal != "" {
		cfg.options = append(cfg.options, fakeserver.WithJournalFile(*journal))
	}
	if *tokens {
		cfg.options = append(cfg.options, fakeserver.WithJournalTokens())
	}
	if *strict {
		cfg.options = append(cfg.options, fakeserver.WithLimits(fakeserver.DocumentedLimits))
	}
	if *page != "" {
		var err error
		if cfg.web, err = newWeb(*page); err != nil {
			return nil, fmt.Errorf("-http: %w", err)
		}
		cfg.options = append(cfg.options, fakeserver.WithFPNN(fpnn.WithTracer(&cfg.web.quests)))
	}
	return cfg, nil
}
