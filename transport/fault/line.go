package fault

import (
	"net"
	"os"
	"time"
)

const (
	// bufferSize is how many bytes are in one line before its writer waits.
	bufferSize = 1 << 20
	// idleBuffer is how many bytes at a time justify no larger buffer than that.
	idleBuffer = 4 << 10
)

// line is one direction of a connection: a bounded buffer whose bytes may be
// taken when they are due. All is under the controller's mutex.
type line struct {
	conn     *conn
	dir      Direction
	settings *settings
	source   source
	changed  chan struct{} // closed at the next change; nil: nobody waits

	run         func()                   // the goroutine
	launched    bool                     // it has been
	straight    bool                     // calls go past the line
	calling     bool                     // one is on its way, or has the line take the rest
	setDeadline func(at time.Time) error // of such a call

	buf      []byte // buf[start:] is in the line
	start    int
	entered  uint64 // bytes of the stream so far
	due      uint64 // of these, those whose time has come
	left     uint64 // of these, those delivered
	marks    []mark // when the rest is due
	last     time.Time
	writing  bool // a put is between its first and last byte: another waits
	closing  bool // what cannot be delivered at once is given up
	refused  error
	broken   error
	end      error // after the last byte
	endDue   time.Time
	deadline time.Time // of the wrapped side's calls
}

// mark says when the bytes before a position are due.
type mark struct {
	position uint64
	due      time.Time
}

func (l *line) queued() int { return len(l.buf) - l.start }

func (l *line) held() bool { return l.settings.stalled || l.settings.partitioned }

// wake has all who wait look again.
func (l *line) wake() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// wait gives the lock away until there is a change, or the first of the times;
// a zero one is never.
func (l *line) wait(times ...time.Time) {
	var first time.Time
	for _, t := range times {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	changed := l.changed
	l.conn.faults.mu.Unlock()
	defer l.conn.faults.mu.Lock()
	if first.IsZero() {
		<-changed
		return
	}
	timer := time.NewTimer(time.Until(first))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	}
}

// callDeadline is the deadline for the calls at one end of the line: of the end
// in the wrapped side's hand it is the one set, the other has none.
func (l *line) callDeadline(wrapped Direction) (at time.Time, passed bool) {
	if l.dir != wrapped || l.deadline.IsZero() {
		return time.Time{}, false
	}
	return l.deadline, time.Until(l.deadline) <= 0
}

// put has all of b enter, and waits for room. It tells how much has entered.
func (l *line) put(b []byte) (n int, err error) {
	l.conn.faults.mu.Lock()
	defer l.conn.faults.mu.Unlock()
	mine := false
	defer func() {
		if mine {
			l.writing = false
			l.wake()
		}
	}()
	for {
		deadline, passed := l.callDeadline(Out)
		switch {
		case l.refused != nil:
			return n, l.refused
		case passed:
			return n, os.ErrDeadlineExceeded
		case n == len(b):
			return n, nil
		}
		if mine = mine || !l.writing; mine {
			l.writing = true
			if n += l.enter(b[n:]); n == len(b) {
				return n, nil
			}
		}
		l.wait(deadline)
	}
}

// room waits until bytes can enter and tells how many.
func (l *line) room() (int, error) {
	l.conn.faults.mu.Lock()
	defer l.conn.faults.mu.Unlock()
	for {
		switch {
		case l.refused != nil:
			return 0, l.refused
		case l.queued() < bufferSize:
			return bufferSize - l.queued(), nil
		}
		l.wait()
	}
}

// enter has as much of b enter as there is room for.
func (l *line) enter(b []byte) int {
	n := min(len(b), bufferSize-l.queued())
	if n == 0 {
		return 0
	}
	if l.start > 0 && len(l.buf)+n > cap(l.buf) {
		l.buf = l.buf[:copy(l.buf, l.buf[l.start:])]
		l.start = 0
	}
	l.buf = append(l.buf, b[:n]...)
	now := time.Now()
	for end := l.entered + uint64(n); l.entered < end; {
		due := l.arrival(now)
		if l.settings.jitter > 0 {
			l.entered = min(end, (l.entered/segment+1)*segment)
		} else {
			l.entered = end
		}
		l.mark(due)
	}
	l.wake()
	return n
}

// arrival is when what enters now is due; without latency it is at the time
// before, which keeps the marks few.
func (l *line) arrival(now time.Time) time.Time {
	delay := l.settings.base
	if l.settings.jitter > 0 {
		delay += l.source.jitter(l.entered, l.settings.jitter)
	}
	if t := now.Add(delay); delay > 0 && t.After(l.last) {
		return t
	}
	return l.last
}

// mark notes that all that has entered by now is due then.
func (l *line) mark(due time.Time) {
	l.last = due
	if n := len(l.marks); n > 0 && l.marks[n-1].due.Equal(due) {
		l.marks[n-1].position = l.entered
		return
	}
	l.marks = append(l.marks, mark{l.entered, due})
}

// finish ends the line with err after the bytes in it.
func (l *line) finish(err error) {
	if l.end == nil {
		l.end, l.endDue = err, l.arrival(time.Now())
		l.wake()
	}
}

// take waits for bytes to be delivered and puts them in b. When cut is true, the
// connection has been reset after these, perhaps none, and is to be disconnected.
func (l *line) take(b []byte) (n int, cut bool, err error) {
	l.conn.faults.mu.Lock()
	defer l.conn.faults.mu.Unlock()
	for {
		deadline, passed := l.callDeadline(In)
		next := l.settle(time.Now())
		switch {
		case l.broken != nil:
			return 0, false, l.broken
		case l.closing && l.held():
			l.conn.faults.stats.Lost += l.drop()
			return 0, false, net.ErrClosed
		case passed:
			return 0, false, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, false, nil
		case l.held(): // wait
		case l.due > l.left:
			n, cut = l.deliver(b)
			return n, cut, nil
		case l.end != nil && next.IsZero():
			return 0, false, l.end
		}
		l.wait(deadline, next)
	}
}

// settle sees what is due by now, and tells when there will be more.
func (l *line) settle(now time.Time) (next time.Time) {
	done := 0
	for ; done < len(l.marks) && !l.marks[done].due.After(now); done++ {
		l.due = l.marks[done].position
	}
	if l.marks = l.marks[done:]; len(l.marks) > 0 {
		return l.marks[0].due
	}
	l.marks = nil
	if l.end != nil && l.endDue.After(now) {
		return l.endDue
	}
	return time.Time{}
}

// deliver takes what fits in b of what is due.
func (l *line) deliver(b []byte) (n int, cut bool) {
	s := l.settings
	n = min(len(b), int(l.due-l.left))
	if s.cutting {
		n = int(min(int64(n), s.cut))
		s.cut -= int64(n)
	}
	copy(b, l.buf[l.start:l.start+n])
	l.conn.faults.stats.Corrupted += l.source.corrupt(b[:n], l.left, s.every)
	l.left += uint64(n)
	if l.start += n; l.start == len(l.buf) {
		l.empty()
	}
	l.wake()
	if s.cutting && s.cut == 0 && l.due > l.left {
		s.cutting = false
		l.conn.faults.stats.Cuts++
		l.conn.reset()
		return n, true
	}
	return n, false
}

// empty resets the buffer. A large one is given back when little of it was used.
func (l *line) empty() {
	if cap(l.buf) > idleBuffer && len(l.buf) <= idleBuffer {
		l.buf = nil
	}
	l.buf, l.start = l.buf[:0], 0
}

// drop throws away what is in the line, which is about to end at both ends, and
// tells how much it was.
func (l *line) drop() int64 {
	n := l.queued()
	l.buf, l.start, l.marks = nil, 0, nil
	return int64(n)
}

// fail ends the line at both ends, where it has not ended yet.
func (l *line) fail(err error) {
	if l.refused == nil {
		l.refused = err
	}
	if l.broken == nil {
		l.broken = err
	}
	l.wake()
}
