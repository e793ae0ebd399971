package wire

import (
	"fmt"
	"io"
	"log/slog"
)

// Project is an RTM project and the key its servers sign with.
type Project struct {
	ID     int32
	Secret Secret
}

// Format writes the id and "[redacted]" for every verb. Without it a pointer to
// a Project, printed with %s inside of a struct, would show the secret: fmt
// calls no methods of what it finds behind a pointer that the verb does not fit.
func (p Project) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "{%d %s}", p.ID, redacted) }

// Secret is a project's secret key. It shows itself in no format, log or JSON;
// string(s) is the key.
//
// Package fmt calls no methods of unexported fields. A type that keeps a Project
// or Secret in one, be it a pointer, needs a String method of its own: %s would
// show the key.
type Secret string

const redacted = "[redacted]"

// Format writes "[redacted]" for every verb and flag.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (Secret) GoString() string { return redacted }

// MarshalText returns "[redacted]".
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
