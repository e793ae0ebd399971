//go:build race

package codec_test

// The race detector allocates where the program does not.
const raceEnabled = true
