package httpgate

import (
	"container/list"
	"errors"
	"net"
	"os"
	"strings"
	"time"

	"github.com/gofpnn/gofpnn/transport"
)

// protocol is what a connection's first bytes tell.
type protocol uint8

const (
	unknown protocol = iota
	isFPNN           // or anything else: the server says what is wrong with it
	isHTTP
)

// openings are what HTTP requests begin with.
var openings = []string{"GET ", "POST ", "OPTIONS ", "HEAD ", "PUT ", "DELETE ", "PATCH ", "CONNECT ", "TRACE "}

// maxSniff is the length in bytes of the longest of them.
const maxSniff = len("OPTIONS ")

// tell says which protocol begins with head.
func tell(head []byte) protocol {
	p := isFPNN
	for _, opening := range openings {
		if strings.HasPrefix(string(head), opening) {
			return isHTTP
		}
		if strings.HasPrefix(opening, string(head)) {
			p = unknown
		}
	}
	return p
}

// sniffed is a connection whose protocol is not known yet.
type sniffed struct {
	net.Conn
	alarm     *time.Timer   // closes a connection without deadlines
	overtaken chan struct{} // closed by who has taken it off the list and ended its wait
	place     *list.Element // on the list; under the listener's mutex
}

// admit puts a connection on the list of those that are sniffed at. If that makes
// them too many, the oldest is let off.
func (l *Listener) admit(nc net.Conn) {
	s := &sniffed{Conn: nc, overtaken: make(chan struct{})}
	if nc.SetReadDeadline(time.Now().Add(l.config.SniffTimeout)) != nil {
		s.alarm = time.AfterFunc(l.config.SniffTimeout, func() { _ = nc.Close() })
	}
	l.mu.Lock()
	if l.down {
		l.mu.Unlock()
		s.drop()
		return
	}
	s.place = l.sniffed.PushBack(s)
	var oldest *sniffed
	if l.sniffed.Len() > l.config.MaxSniffed {
		oldest = l.sniffed.Remove(l.sniffed.Front()).(*sniffed)
		oldest.place = nil
	}
	l.mu.Unlock()
	l.tasks.Add(1)
	go l.sniff(s)
	if oldest != nil {
		if oldest.SetReadDeadline(time.Unix(1, 0)) != nil {
			_ = oldest.Close()
		}
		close(oldest.overtaken)
	}
}

func (s *sniffed) drop() {
	s.release()
	_ = s.Close()
}

// release takes away what bounds the wait.
func (s *sniffed) release() {
	if s.alarm != nil {
		s.alarm.Stop()
	}
	_ = s.SetReadDeadline(time.Time{})
}

// settle takes s off the list.
func (l *Listener) settle(s *sniffed) {
	l.mu.Lock()
	mine := s.place != nil
	if mine {
		l.sniffed.Remove(s.place)
		s.place = nil
	}
	l.mu.Unlock()
	if !mine {
		<-s.overtaken
	}
}

// sniff is the goroutine that waits for a connection's first bytes, and hands it
// on to where it belongs.
func (l *Listener) sniff(s *sniffed) {
	defer l.tasks.Done()
	head, err := s.head()
	l.settle(s)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		s.drop()
		return
	}
	s.release()
	nc := &peeked{Conn: s.Conn, head: head}
	if tell(head) == isHTTP {
		l.serveHTTP(nc)
		return
	}
	l.hand(nc)
}

// head reads until the protocol is known.
func (s *sniffed) head() ([]byte, error) {
	head := make([]byte, 0, maxSniff)
	for tell(head) == unknown {
		n, err := s.Read(head[len(head):maxSniff])
		head = head[:len(head)+n]
		if err != nil {
			return head, err
		}
	}
	return head, nil
}

// peeked is a connection of which some bytes have been read already.
type peeked struct {
	net.Conn
	head []byte
}

func (c *peeked) Read(b []byte) (int, error) {
	if len(c.head) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.head)
	c.head = c.head[n:]
	return n, nil
}

// CloseWrite is that of the connection underneath, if it has one.
func (c *peeked) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Encrypted reports whether the connection underneath encrypts.
func (c *peeked) Encrypted() bool { return transport.Encrypted(c.Conn) }

// NetConn returns the connection underneath, for [fpnn.Conn.NetConn]'s purposes.
func (c *peeked) NetConn() net.Conn { return c.Conn }
