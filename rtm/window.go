package rtm

import "time"

// window remembers messages, to know those that come again. It is bounded: what
// is forgotten first is what came first.
type window struct {
	size  int
	age   time.Duration
	since time.Time // from when on it is counted, at the earliest
	at    map[seenKey]time.Time
	line  []seenKey // in the order they came
}

// seenKey is what makes two pushes one message.
type seenKey struct {
	target   Target
	from, id int64
}

func (w *window) has(key seenKey, now time.Time) bool {
	w.forget(now)
	_, ok := w.at[key]
	return ok
}

func (w *window) add(key seenKey, now time.Time) {
	if w.size == 0 {
		return
	}
	if w.at == nil {
		w.at = make(map[seenKey]time.Time)
	}
	for len(w.line) >= w.size {
		w.drop()
	}
	w.at[key] = now
	w.line = append(w.line, key)
}

// renew has the age of what is remembered begin anew.
func (w *window) renew(now time.Time) { w.since = now }

func (w *window) forget(now time.Time) {
	if now.Sub(w.since) <= w.age {
		return
	}
	for len(w.line) > 0 && now.Sub(w.at[w.line[0]]) > w.age {
		w.drop()
	}
}

func (w *window) drop() {
	delete(w.at, w.line[0])
	w.line = w.line[1:]
}
