//go:build race

package peer

// raceEnabled tells tests that count allocations, which the race detector adds to.
const raceEnabled = true
