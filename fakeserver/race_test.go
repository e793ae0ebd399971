//go:build race

package fakeserver_test

// raceEnabled: the race detector multiplies memory and time.
const raceEnabled = true
