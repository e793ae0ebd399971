// Package peer holds what is measured, one file for each: a server, which runs in
// a process of its own, and one connection to it.
//
// The program that measures starts itself again for each server ([Start]), so it calls
// [Main] first. The callers of a [Conn] run concurrently, each in a goroutine of its own.
package peer

import (
	"cmp"
	"context"
	"time"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
)

// Peer is one contestant.
type Peer struct {
	Name string
	What string // in one line
	Lone bool   // is measured with one caller only
	// Keeps says that the server keeps what it is sent, so that a new one is
	// started for each measurement.
	Keeps bool

	server string // what the server's process knows it by; "": by the name

	// Missing says what the peer needs and this machine does not have, "" if
	// nothing; nil if it needs nothing.
	Missing func() string
	// Serve starts the server. It runs in the server's process.
	Serve func(ctx context.Context) (*Served, error)
	// Dial connects to the server.
	Dial func(ctx context.Context, at Address) (Conn, error)
}

func (p *Peer) serverName() string { return cmp.Or(p.server, p.Name) }

// Address is what a client needs to reach a server.
type Address struct {
	Addr  string // as the server's client takes it
	Raw   string `json:",omitempty"` // of a raw echo peer in the same process
	Trust []byte `json:",omitempty"` // key or certificate of the server
}

// Served is a running server.
type Served struct {
	Address
	CPU  func() time.Duration // that the server has used; nil: this process is the server
	Stop func()
}

// Conn is one connection, shared by its callers.
type Conn interface {
	// Caller returns one more caller. It makes a call and fails if the answer is
	// not what was sent.
	Caller() measure.Caller
	// Close ends the connection. No caller calls any more.
	Close() error
}

// Loader is a Conn that has its own way to keep n calls under way for d.
type Loader interface {
	// Load makes as many calls as it can, and fails with the first that does.
	Load(ctx context.Context, n int, d time.Duration) (measure.Sample, error)
}

// Apart is a Conn whose calls are made by another process, a new one for each load:
// what one has warmed up is cold in the next.
type Apart interface {
	// LoadWarm is a Load after a warm-up by the same process, which does not count.
	LoadWarm(ctx context.Context, n int, warmup, d time.Duration) (measure.Sample, error)
}

// Load keeps n calls under way on c for d.
func Load(ctx context.Context, c Conn, n int, d time.Duration) (measure.Sample, error) {
	if l, ok := c.(Loader); ok {
		return l.Load(ctx, n, d)
	}
	callers := make([]measure.Caller, n)
	for i := range callers {
		callers[i] = c.Caller()
	}
	return measure.Closed(ctx, callers, d)
}

// League returns all peers that are measured side by side, in the order of their
// rows.
func League() []Peer {
	return append(append([]Peer{
		fpnnRaw, fpnnServer, fpnnJSON, rtmSend,
	}, transports...),
		netRPC, grpcUnary, natsRequest, rueidisEcho, rawFrames, pingPong)
}

// Text is what peers send and get back, so that with what is around it a call is
// about 100 bytes long.
const Text = "the quick brown fox jumps over the lazy dog and the lazy dog does not mind"
