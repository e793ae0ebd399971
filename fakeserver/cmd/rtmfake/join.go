package main

import (
	"errors"
	"net"
	"sync"
)

// joined is several listeners as one, with the address of the first.
type joined struct {
	net.Listener
	all      []net.Listener
	arrivals chan arrival
	closed   chan struct{}
	once     sync.Once
	tasks    sync.WaitGroup
}

// arrival is what Accept returns.
type arrival struct {
	nc  net.Conn
	err error
}

// join returns a listener that accepts from all of these. It owns them, and ends
// when one fails.
func join(all ...net.Listener) net.Listener {
	j := &joined{Listener: all[0], all: all, arrivals: make(chan arrival), closed: make(chan struct{})}
	for _, l := range all {
		j.tasks.Go(func() { j.run(l) })
	}
	return j
}

// run accepts from one of them.
func (j *joined) run(l net.Listener) {
	for {
		nc, err := l.Accept()
		select {
		case j.arrivals <- arrival{nc, err}:
		case <-j.closed:
			if err == nil {
				_ = nc.Close()
			}
			return
		}
	}
}

func (j *joined) Accept() (net.Conn, error) {
	select {
	case a := <-j.arrivals:
		return a.nc, a.err
	case <-j.closed:
		return nil, net.ErrClosed
	}
}

// Close waits for all goroutines.
func (j *joined) Close() (err error) {
	j.once.Do(func() {
		close(j.closed)
		for _, l := range j.all {
			err = errors.Join(err, l.Close())
		}
	})
	j.tasks.Wait()
	return err
}
