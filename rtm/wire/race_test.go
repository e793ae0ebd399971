//go:build race

package wire_test

// raceDetector: it allocates on its own.
const raceDetector = true
