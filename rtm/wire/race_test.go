//go:build race

package wire_test

// The race detector allocates where the program does not.
const raceEnabled = true
