package fakeserver

// typeSet is a set of message types. What is negative is no type, and in none.
type typeSet [2]uint64

// setOf returns the set of the types given, which is all of them if none is.
func setOf(types []int8) (s typeSet) {
	if len(types) == 0 {
		return typeSet{^uint64(0), ^uint64(0)}
	}
	for _, t := range types {
		s.add(t)
	}
	return s
}

func (s *typeSet) add(t int8) {
	if t >= 0 {
		s[t/64] |= 1 << (t % 64)
	}
}

func (s *typeSet) remove(t int8) {
	if t >= 0 {
		s[t/64] &^= 1 << (t % 64)
	}
}

func (s *typeSet) has(t int8) bool { return t >= 0 && s[t/64]>>(t%64)&1 > 0 }

func (s *typeSet) overlaps(t typeSet) bool { return s[0]&t[0]|s[1]&t[1] != 0 }

// summary says which types of messages are in which chunks, so that a search
// comes to those it wants in a few steps, wherever they are and whatever was
// deleted. It is a tree: level 0 has a node for each chunk, each level above one
// for every fan nodes of that below, up to one of fan nodes at most. A node is
// the set of the types below it.
type summary struct {
	levels []level
	looked int64 // nodes looked at, ever
}

type level struct {
	gone  int // nodes before these, which are forgotten
	nodes []typeSet
}

// fan is how many nodes are summed up in one.
const fan = 64

// newSummary returns one that has forgotten so many chunks.
func newSummary(forgotten int) summary { return summary{levels: []level{{gone: forgotten}}} }

// end is the number of the node after the last.
func (l *level) end() int { return l.gone + len(l.nodes) }

func (l *level) node(n int) *typeSet { return &l.nodes[n-l.gone] }

// add notes that chunk k, one there is or the next, has messages of type t.
func (s *summary) add(k int, t int8) {
	if s.levels == nil {
		*s = newSummary(0)
	}
	for i := range s.levels {
		l := &s.levels[i]
		if k == l.end() {
			l.nodes = append(l.nodes, typeSet{})
		}
		l.node(k).add(t)
		k /= fan
	}
	top := &s.levels[len(s.levels)-1]
	if len(top.nodes) <= fan {
		return
	}
	above := level{gone: top.gone / fan}
	for n := top.gone; n < top.end(); n++ {
		if n/fan == above.end() {
			above.nodes = append(above.nodes, typeSet{})
		}
		set, of := above.node(n/fan), top.node(n)
		set[0], set[1] = set[0]|of[0], set[1]|of[1]
	}
	s.levels = append(s.levels, above)
}

// remove notes that chunk k has no more messages of type t.
func (s *summary) remove(k int, t int8) {
	for i := range s.levels {
		l := &s.levels[i]
		l.node(k).remove(t)
		k /= fan
		for n := max(k*fan, l.gone); n < min((k+1)*fan, l.end()); n++ {
			if l.node(n).has(t) {
				return
			}
		}
	}
}

// forget drops the first chunk.
func (s *summary) forget() {
	for i := range s.levels {
		l := &s.levels[i]
		l.nodes = l.nodes[1:]
		if l.gone++; l.gone%fan > 0 {
			return
		}
	}
}

// first returns the first chunk from k to end that has wanted types.
func (s *summary) first(k, end int, wanted typeSet) (int, bool) {
	i, width := 0, 1 // the level, and how many chunks a node of it is about
	for k*width <= end {
		s.looked++
		switch l := &s.levels[i]; {
		case !l.node(k).overlaps(wanted):
			for k++; k%fan == 0 && i+1 < len(s.levels); k /= fan {
				i, width = i+1, width*fan
			}
		case i == 0:
			return k, true
		default:
			i, width, k = i-1, width/fan, k*fan
		}
	}
	return 0, false
}

// last returns the last chunk from k back to end that has wanted types.
func (s *summary) last(k, end int, wanted typeSet) (int, bool) {
	i, width := 0, 1
	for (k+1)*width > end {
		s.looked++
		switch l := &s.levels[i]; {
		case !l.node(k).overlaps(wanted):
			for ; k%fan == 0 && i+1 < len(s.levels); k /= fan {
				i, width = i+1, width*fan
			}
			k--
		case i == 0:
			return k, true
		default:
			i, width, k = i-1, width/fan, (k+1)*fan-1
		}
	}
	return 0, false
}
