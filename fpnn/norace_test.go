//go:build !race

package fpnn_test

const raceEnabled = false
