package fakeserver

import (
	"slices"
	"sync"

	"github.com/gofpnn/gofpnn/fpnn"
)

// waiting are the quests of one connection of which something is to be noted
// later: twoway ones until they are answered, oneway ones until they are served.
type waiting struct {
	mu     sync.Mutex
	count  int
	quests map[questKey][]pending // those of one key in the order they came
}

// questKey is what quests are told apart by. That twoway ones of a direction have
// a number in common is a client's fault; oneway ones have none.
type questKey struct {
	out, oneway bool
	seq         uint32
}

type pending struct {
	record *Record
	served bool
}

// Bounds of what waits. Only a client that does not get its answers, or sends
// oneway quests that nobody serves, comes near; then the oldest are forgotten.
const (
	maxWaiting = 100_000
	maxOneways = 1000
)

func (w *waiting) add(key questKey, r *Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.quests == nil || w.count >= maxWaiting {
		w.quests, w.count = make(map[questKey][]pending), 0
	}
	list := w.quests[key]
	list = append(list, pending{record: r})
	if len(list) > maxOneways {
		list = slices.Delete(list, 0, 1)
		w.count--
	}
	w.quests[key] = list
	w.count++
}

// answered forgets a twoway quest, which it returns.
func (w *waiting) answered(out bool, seq uint32) *Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := questKey{out: out, seq: seq}
	list := w.quests[key]
	if len(list) == 0 {
		return nil
	}
	at := max(0, slices.IndexFunc(list, func(p pending) bool { return p.served }))
	r := list[at].record
	w.drop(key, at)
	return r
}

// served returns the record of a quest that is being served. Of those that have
// method and number in common it is one with the same payload.
func (w *waiting) served(j *Journal, q *fpnn.Quest) *Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := questKey{oneway: q.Oneway(), seq: q.Seq()}
	list := w.quests[key]
	var found []int
	for i, p := range list {
		if !p.served && p.record.Method == q.Method() {
			found = append(found, i)
		}
	}
	if len(found) > 1 {
		found = slices.DeleteFunc(found, func(i int) bool { return !j.alike(list[i].record, q) })
	}
	if len(found) == 0 {
		return nil
	}
	r := list[found[0]].record
	if list[found[0]].served = true; key.oneway {
		w.drop(key, found[0])
	}
	return r
}

func (w *waiting) drop(key questKey, at int) {
	w.count--
	if list := slices.Delete(w.quests[key], at, at+1); len(list) > 0 {
		w.quests[key] = list
	} else {
		delete(w.quests, key)
	}
}
