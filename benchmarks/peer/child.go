package peer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
)

// childVar names the peer that a process is to serve.
const childVar = "LEAGUE_PEER"

// Main serves a peer if [Start] has started this process, and then does not
// return. A program that starts peers calls it first.
func Main() {
	name := os.Getenv(childVar)
	if name == "" {
		return
	}
	if err := serveChild(name, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "server of %s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Usage is what a server's process has used.
type Usage struct {
	CPU    time.Duration // so far
	Memory int64         // bytes of heap and stacks in use, after a garbage collection
}

// serveChild serves the named peer until in ends, as it does with the parent. It
// writes the server's address to out, then answers each line of in with one.
func serveChild(name string, in io.Reader, out io.Writer) error {
	p, err := find(name)
	if err != nil {
		return err
	}
	s, err := p.Serve(context.Background())
	if err != nil {
		return err
	}
	defer s.Stop()
	if s.CPU == nil {
		s.CPU = measure.CPU
	}
	signal.Ignore(os.Interrupt) // which is the parent's to act on
	var profiles profiler
	defer func() { _ = profiles.to("") }()
	answers := json.NewEncoder(out)
	if err := answers.Encode(s.Address); err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var usage Usage
		switch command, path, _ := strings.Cut(lines.Text(), " "); command {
		case "cpu":
			usage.CPU = s.CPU()
		case "memory":
			usage = Usage{s.CPU(), Memory()}
		case "profile":
			if err := profiles.to(path); err != nil {
				return err
			}
		}
		if err := answers.Encode(usage); err != nil {
			return err
		}
	}
	return nil
}

// Memory returns the bytes of heap and stacks that this process has in use, after
// garbage collections: what is in a pool goes with the second.
func Memory() int64 {
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// profiler knows how to end the CPU profile under way, if there is one.
type profiler struct{ end func() error }

// to ends the profile under way and, unless path is "", begins another.
func (p *profiler) to(path string) (err error) {
	if p.end != nil {
		err, p.end = p.end(), nil
	}
	if err == nil && path != "" {
		p.end, err = Profile(path)
	}
	return err
}

// Profile begins a CPU profile of this process and returns what ends it.
func Profile(path string) (end func() error, err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

// find returns the peer that a server's process knows by a name.
func find(name string) (Peer, error) {
	for _, p := range append(League(), Outside("", ""), History) {
		if p.serverName() == name {
			return p, nil
		}
	}
	return Peer{}, fmt.Errorf("no peer %q", name)
}
