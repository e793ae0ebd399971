//go:build !race

package rtm_test

const raceEnabled = false
