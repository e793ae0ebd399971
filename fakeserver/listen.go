package fakeserver

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// The methods about which messages and events a connection listens to. What is
// listened to ends with the connection, as on a real gate, whose SDKs all say it
// again when they reconnect; with redelivery it does not.

func (s *Server) listenMethods(mux *fpnn.Mux) {
	alone(s, mux, s.addListen)
	alone(s, mux, s.removeListen)
	alone(s, mux, s.setListen)
}

// listeners are the connections that listen.
type listeners struct {
	redeliver bool
	n         atomic.Int64 // how many, for those who have nothing to tell but to them

	mu     sync.RWMutex
	of     map[*fpnn.Conn]*listener
	one    *listener // all that listen, with redelivery
	closed bool
	tasks  sync.WaitGroup // goroutines of listeners
}

// listener is who listens, and the pushes on their way to it.
type listener struct {
	all *listeners

	mu                   sync.Mutex
	conns                []*fpnn.Conn // that have said so and are open: one, or with redelivery any number
	groups, rooms, users map[int64]struct{}
	events               map[string]struct{}
	flags                wire.ListenAll
	queues               map[conversationKey]*pushQueue
}

// get returns the listener of a connection, a new one if need be.
func (l *listeners) get(conn *fpnn.Conn) *listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	if of := l.of[conn]; of != nil {
		return of
	}
	of := l.one
	if of == nil {
		of = &listener{all: l, queues: make(map[conversationKey]*pushQueue)}
	}
	if l.closed {
		return of
	}
	if l.redeliver {
		l.one = of
	}
	if l.of == nil {
		l.of = make(map[*fpnn.Conn]*listener)
	}
	l.of[conn] = of
	of.join(conn)
	l.n.Add(1)
	l.tasks.Go(func() {
		<-conn.Done()
		l.leave(conn)
	})
	return of
}

// leave takes note that a connection has ended.
func (l *listeners) leave(conn *fpnn.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.of[conn]
	if of == nil {
		return // it did not listen, or this has been called before
	}
	of.leave(conn)
	delete(l.of, conn)
	if !l.redeliver {
		l.n.Add(-1)
	}
}

// close waits for all goroutines to end, which they do with their connections.
func (l *listeners) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.tasks.Wait()
}

// any reports whether there is somebody to tell.
func (l *listeners) any() bool { return l.n.Load() > 0 }

// each calls f for each listener.
func (l *listeners) each(f func(of *listener)) {
	if !l.any() {
		return
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return
	}
	if l.one != nil {
		f(l.one)
		return
	}
	for _, of := range l.of {
		f(of)
	}
}

// join adds a connection, and has sent to it what waits.
func (l *listener) join(conn *fpnn.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, conn)
	for key, queue := range l.queues {
		l.start(key, queue)
	}
}

func (l *listener) leave(conn *fpnn.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = slices.DeleteFunc(l.conns, func(c *fpnn.Conn) bool { return c == conn })
}

// wants reports whether the listener listens to a message: to its group or room,
// or to one of the two users.
func (l *listener) wants(p *wire.Push) bool {
	switch p.Target.Kind {
	case wire.InGroup:
		return l.flags.Groups || has(l.groups, p.Target.ID)
	case wire.InRoom:
		return l.flags.Rooms || has(l.rooms, p.Target.ID)
	case wire.P2P:
		return l.flags.P2P || has(l.users, p.From) || has(l.users, p.Target.ID)
	default:
		return false
	}
}

func (l *listener) wantsEvent(e *wire.Event) bool { return l.flags.Events || has(l.events, e.Event) }

func has[T comparable](set map[T]struct{}, t T) bool {
	_, ok := set[t]
	return ok
}

func add[T comparable](set *map[T]struct{}, ts []T) {
	if *set == nil {
		*set = make(map[T]struct{})
	}
	for _, t := range ts {
		(*set)[t] = struct{}{}
	}
}

func remove[T comparable](set map[T]struct{}, ts []T) {
	for _, t := range ts {
		delete(set, t)
	}
}

// replace puts ts in the place of the set, unless ts is nil.
func replace[T comparable](set *map[T]struct{}, ts []T) {
	if ts != nil {
		*set = nil
		add(set, ts)
	}
}

// change has f change what the quest's connection listens to.
func (s *Server) change(conn *fpnn.Conn, f func(l *listener)) (wire.Params, error) {
	l := s.listeners.get(conn)
	l.mu.Lock()
	defer l.mu.Unlock()
	f(l)
	return wire.Nothing{}, nil
}

func (s *Server) addListen(c *call, q *wire.AddListen) (wire.Params, error) {
	return s.change(c.conn, func(l *listener) {
		add(&l.groups, q.Groups)
		add(&l.rooms, q.Rooms)
		add(&l.users, q.Users)
		add(&l.events, q.Events)
	})
}

func (s *Server) removeListen(c *call, q *wire.RemoveListen) (wire.Params, error) {
	return s.change(c.conn, func(l *listener) {
		remove(l.groups, q.Groups)
		remove(l.rooms, q.Rooms)
		remove(l.users, q.Users)
		remove(l.events, q.Events)
	})
}

// setListen replaces the lists that are given, or the flags.
func (s *Server) setListen(c *call, q *wire.SetListen) (wire.Params, error) {
	return s.change(c.conn, func(l *listener) {
		if q.All != nil {
			l.flags = *q.All
		}
		replace(&l.groups, q.Groups)
		replace(&l.rooms, q.Rooms)
		replace(&l.users, q.Users)
		replace(&l.events, q.Events)
	})
}
