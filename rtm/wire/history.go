package wire

import "github.com/gofpnn/gofpnn/codec"

// History is the quest that reads one page of a conversation.
type History struct {
	Signed
	UID        int64  // who reads
	Target     Target // of P2P: the other user
	Descending bool   // from End backward, instead of from Begin forward
	Limit      int    // rows wanted; gates give 20 at most
	Begin, End int64  // Unix milliseconds, both inclusive; 0 for no bound
	Cursor     int64  // the last row of the page before, exclusive; 0 for none
	Types      []int8 // message types wanted; empty for all
}

// Method returns the wire's name for it.
func (h *History) Method() string { return h.Target.Kind.HistoryMethod() }

// AppendPayload appends the quest's parameters.
func (h *History) AppendPayload(b []byte) ([]byte, error) {
	key := h.Target.Kind.route().historyKey
	n := signedParams + 6
	if key != "" {
		n++
	}
	if len(h.Types) > 0 {
		n++
	}
	b = codec.AppendMapHeader(b, n)
	b = h.appendTo(b, h.Method())
	b = codec.AppendInt(codec.AppendString(b, "uid"), h.UID)
	if key != "" {
		b = codec.AppendInt(codec.AppendString(b, key), h.Target.ID)
	}
	b = codec.AppendBool(codec.AppendString(b, "desc"), h.Descending)
	b = codec.AppendInt(codec.AppendString(b, "num"), int64(h.Limit))
	b = codec.AppendInt(codec.AppendString(b, "begin"), h.Begin)
	b = codec.AppendInt(codec.AppendString(b, "end"), h.End)
	b = codec.AppendInt(codec.AppendString(b, "lastid"), h.Cursor)
	if len(h.Types) > 0 {
		b = appendTypes(codec.AppendString(b, "mtypes"), h.Types)
	}
	return b, nil
}

// ParseHistory reads the parameters of a history quest, except for those that
// sign it. Python and Node leave out bounds and cursor when they have none.
func ParseHistory(kind Kind, p codec.Payload) (*History, error) {
	var f Fields
	f.Open(p)
	return f.History(kind)
}

// History reads the same parameters of a payload that is open.
func (f *Fields) History(kind Kind) (*History, error) {
	f.err = nil
	h := &History{
		UID:        f.int("uid"),
		Target:     Target{Kind: kind},
		Descending: f.bool("desc"),
		Limit:      int(f.int("num")),
		Begin:      f.optional("begin"),
		End:        f.optional("end"),
		Cursor:     f.optional("lastid"),
		Types:      f.types("mtypes"),
	}
	if key := kind.route().historyKey; key != "" {
		h.Target.ID = f.int(key)
	}
	return h, f.err
}

// Page is one page of a conversation, the answer to a history quest. Passing
// LastCursor, Begin and End back asks for the next one.
type Page struct {
	Messages   []Stored
	LastCursor int64
	Begin, End int64 // Unix milliseconds
}

// The wire's codes for who sent a row of a P2P conversation.
const (
	byReader = 1 // the uid of the quest
	byOther  = 2 // its ouid
)

const (
	rowColumns = 8
	usualRows  = 20 // on a page, at most
)

// PageAnswer is a Page on its way to whoever asked for it with Quest.
type PageAnswer struct {
	Page
	Quest *History
}

// AppendPayload appends the answer.
func (a *PageAnswer) AppendPayload(b []byte) ([]byte, error) {
	b = codec.AppendMapHeader(b, 5)
	b = codec.AppendInt(codec.AppendString(b, "num"), int64(len(a.Messages)))
	b = codec.AppendInt(codec.AppendString(b, "lastid"), a.LastCursor)
	b = codec.AppendInt(codec.AppendString(b, "begin"), a.Begin)
	b = codec.AppendInt(codec.AppendString(b, "end"), a.End)
	b = codec.AppendArrayHeader(codec.AppendString(b, "msgs"), len(a.Messages))
	for i := range a.Messages {
		m := &a.Messages[i]
		from := m.From
		if a.Quest.Target.Kind == P2P {
			from = byOther
			if m.From == a.Quest.UID {
				from = byReader
			}
		}
		b = codec.AppendArrayHeader(b, rowColumns)
		b = codec.AppendInt(b, m.Cursor)
		b = codec.AppendInt(b, from)
		b = codec.AppendInt(b, int64(m.Type))
		b = codec.AppendInt(b, m.ID)
		b = codec.AppendBool(b, m.Deleted)
		b = m.appendBody(b)
		b = codec.AppendString(b, m.Attrs)
		b = codec.AppendInt(b, m.ModifiedTime)
	}
	return b, nil
}

// ParsePage reads the answer to q. The number of rows is taken from the rows
// themselves; rows may be longer than known. A row that is short or holds
// something else is an error that names row and column. The texts of 20 rows, as
// many as a page has, share one string, which any of them keeps in memory.
func ParsePage(p codec.Payload, q *History) (*Page, error) {
	var r reader
	r.open(p)
	page := &Page{LastCursor: r.optional("lastid"), Begin: r.optional("begin"), End: r.optional("end")}
	if r.err != nil {
		return nil, r.err
	}
	msgs, ok := r.find("msgs")
	if !ok || msgs.IsNil() {
		if n := r.optional("num"); n != 0 || r.err != nil {
			return nil, &codec.Error{Key: "msgs", Err: codec.ErrNotFound}
		}
		return page, nil
	}
	c := msgs.Cursor()
	n := c.Array()
	if err := c.Err(); err != nil {
		return nil, named("msgs", err)
	}
	// A row takes a byte to announce and a hundred to hold: room is made ahead for
	// no more of them than gates give.
	for start := 0; start < n; start = len(page.Messages) {
		page.Messages = append(page.Messages, make([]Stored, min(n-start, usualRows))...)
		var t texts
		for i := start; i < len(page.Messages); i++ {
			if err := page.Messages[i].parseRow(&c, &t); err != nil {
				return nil, &RowError{Row: i, Err: err}
			}
		}
		t.share(msgs.Raw(), page.Messages[start:])
	}
	for i := range page.Messages {
		m := &page.Messages[i]
		if q.Target.Kind == P2P {
			resolve(m, q)
		}
		m.File = m.file()
	}
	return page, nil
}

// resolve turns the direction code of a P2P row into the sender.
func resolve(m *Stored, q *History) {
	switch m.From {
	case byReader:
		m.From = q.UID
	case byOther:
		m.From = q.Target.ID
	}
}
