//go:build race

package rtm_test

// The race detector allocates where the program does not.
const raceEnabled = true
