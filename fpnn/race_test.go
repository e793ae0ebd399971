//go:build race

package fpnn_test

// raceEnabled tells tests that count allocations, which the race detector adds to.
const raceEnabled = true
