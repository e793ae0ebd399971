package fakeserver

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
	"github.com/gofpnn/gofpnn/transport"
)

// The project a server has unless [WithProject] names another.
const (
	DefaultProject = 80000071
	DefaultSecret  = "fakeserver-secret"
)

// DefaultTimeTolerance is how far a quest's timestamp may be from the server's
// clock.
const DefaultTimeTolerance = time.Minute

// Option configures a [Server].
type Option func(s *Server) error

// WithTCP makes the server listen on a TCP address, such as "127.0.0.1:0",
// instead of in memory.
func WithTCP(address string) Option {
	return func(s *Server) error {
		if address == "" {
			return errors.New("fakeserver: WithTCP without an address")
		}
		s.listen = address
		return nil
	}
}

// WithListener makes the server listen on l, which it owns, and dial with d: TLS, a
// WebSocket, a Unix socket, or any other transport. The network's faults are on this
// side of the transport, so its packages are not cut into by them. d has to connect
// to l directly, and each end has to know the other's address, or [Server.Dialer]
// waits in vain. Clients of a Unix socket have no addresses that differ: what ends
// all connections there may miss one that was dialed just before. Default: memory.
func WithListener(l net.Listener, d transport.Dialer) Option {
	return func(s *Server) error {
		if l == nil || d == nil {
			return errors.New("fakeserver: WithListener: both a listener and a dialer are needed")
		}
		s.given, s.givenDialer = l, d
		return nil
	}
}

// WithProject sets the project and secret that quests must be signed for. The
// secret must not be empty. Default: [DefaultProject] and [DefaultSecret].
func WithProject(p wire.Project) Option {
	return func(s *Server) error {
		if p.Secret == "" {
			return errors.New("fakeserver: WithProject without a secret")
		}
		s.project = p
		return nil
	}
}

// WithTimeTolerance sets how far a quest's timestamp may be from the server's
// clock, either way. Default [DefaultTimeTolerance]; at least a second, the
// timestamp's unit.
func WithTimeTolerance(d time.Duration) Option {
	return func(s *Server) error {
		if d < time.Second {
			return fmt.Errorf("fakeserver: WithTimeTolerance(%v): must be at least a second", d)
		}
		s.tolerance = d
		return nil
	}
}

// WithLimits sets what the server allows. Default: no limits.
func WithLimits(l Limits) Option {
	return func(s *Server) error {
		if min(l.MessageBytes, l.AttrsBytes, l.Receivers, l.Items, l.Stored, l.Rate, int(min(l.StoredFor, 0))) < 0 {
			return fmt.Errorf("fakeserver: WithLimits(%+v): no limit may be negative", l)
		}
		s.limits = l
		return nil
	}
}

// WithStoredTypes makes the server store messages of these types only: others
// are taken, but are in no history. Default: all types, 1 to 127.
func WithStoredTypes(types ...int8) Option {
	return func(s *Server) error {
		s.storedTypes = typeSet{}
		for _, t := range types {
			if t < 1 {
				return fmt.Errorf("fakeserver: WithStoredTypes: %d is not within 1 to 127", t)
			}
			s.storedTypes.add(t)
		}
		return nil
	}
}

// WithMembershipChecks makes the server refuse those who send to a group or room
// or read it without being in it, with 200041 and 200040. Default: anybody may.
func WithMembershipChecks() Option {
	return func(s *Server) error {
		s.checkMembers = true
		return nil
	}
}

// WithPushRedelivery has all connections that listen count as one program that
// reconnects: what is listened to outlives a connection, and a push goes to the
// connection that began to listen last, again and again, until one of them has
// acknowledged it. Up to 10,000 pushes of each conversation wait; then the oldest
// are dropped. Without it each connection listens for itself, and what it has not
// acknowledged ends with it.
func WithPushRedelivery() Option {
	return func(s *Server) error {
		s.listeners.redeliver = true
		return nil
	}
}

// WithJournal bounds what the journal keeps: the last records, and as many as have
// so many bytes. Default [DefaultJournalRecords] and [DefaultJournalBytes]; 0
// records switch it off, which saves their copying.
func WithJournal(records, bytes int) Option {
	return func(s *Server) error {
		if records < 0 || bytes < 0 {
			return fmt.Errorf("fakeserver: WithJournal(%d, %d): must not be negative", records, bytes)
		}
		s.journal.maxRecords, s.journal.maxBytes = records, bytes
		return nil
	}
}

// WithJournalFile writes the journal to a file as it grows, all of it, whatever
// its bounds are: one record of JSON in a line, for [ReadJournal]. The file is
// made anew, with mode 0600. When it is slow, connections wait for it. If writing
// fails the server goes on without, and [Server.Close] says so.
func WithJournalFile(path string) Option {
	return func(s *Server) error {
		if path == "" {
			return errors.New("fakeserver: WithJournalFile: no path")
		}
		s.journal.path = path
		return nil
	}
}

// WithJournalTokens has tokens and secrets written to files as they are. Otherwise
// asterisks take the place of whatever a payload has, at any depth, under a key that
// ends in "token" or "secret": of users, files, devices, anything.
func WithJournalTokens() Option {
	return func(s *Server) error {
		s.journal.tokens = true
		return nil
	}
}

// WithSeed sets what the network's random latency comes from. Default 1.
func WithSeed(seed uint64) Option {
	return func(s *Server) error {
		s.network.seed = seed
		return nil
	}
}

// WithFPNN passes options to the FPNN server underneath.
func WithFPNN(opts ...fpnn.ServerOption) Option {
	return func(s *Server) error {
		s.fpnnOpts = append(s.fpnnOpts, opts...)
		return nil
	}
}
