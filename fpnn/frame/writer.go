package frame

import "io"

// Writer writes packages to a byte stream, each with one Write. A Writer is for
// one goroutine.
type Writer struct {
	w     io.Writer
	limit int
	buf   []byte
}

// NewWriter returns a Writer that refuses packages longer than limit bytes.
func NewWriter(w io.Writer, limit int) *Writer {
	return &Writer{w: w, limit: limit}
}

// Write writes p. Of the header it takes version, flags, kind and, for an
// answer, SS; method length and payload size follow from Method and Payload.
func (w *Writer) Write(p *Package) error {
	b, err := Append(w.buf[:0], p, w.limit)
	w.buf = b
	if err != nil {
		return err
	}
	_, err = w.w.Write(b)
	return err
}

// Append appends the whole package p, of at most limit bytes, as
// [Writer.Write] writes it.
func Append(b []byte, p *Package, limit int) ([]byte, error) {
	start := len(b)
	switch p.Kind {
	case Answer:
		b = AppendAnswer(b, p.Version, p.Flags, p.SS, p.Seq)
	case Oneway, Twoway:
		var err error
		if b, err = AppendQuest(b, p.Version, p.Flags, p.Kind, string(p.Method)); err != nil {
			return b, err
		}
		if p.Kind == Twoway {
			SetSeq(b[start:], p.Seq)
		}
	default:
		return b, ErrKind
	}
	b = append(b, p.Payload...)
	return b, Finish(b[start:], limit)
}
