// Package wire is the vocabulary of RTM on the wire: methods, parameter names,
// row layouts, signatures, error codes, each with an appender for the side that
// writes it and a parser for the side that reads it. Package rtm speaks it as a
// client, package fakeserver as a gate.
//
// What users need of it, package rtm shows under its own name. The rest is
// outside the module's promise of compatibility.
//
// The parsers take what any SDK sends: numbers of every width, str for bin and
// bin for str, keys in any order. What they return does not alias the payload. Their
// errors are those of package codec and name the parameter, or [*RowError]; they do not
// show its value.
//
// Appenders append to the slice they are given and keep nothing. They sign for the
// present second, unless [Signed] says when. All values are plain data, which several
// goroutines may read; an [IDGenerator] may be shared.
//
// Times are Unix milliseconds, but for the seconds of signatures and events.
package wire
