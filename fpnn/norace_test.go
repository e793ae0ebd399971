//go:build !race

package fpnn_test

import "testing"

const raceEnabled = false

func oneProcessor(*testing.T) {}
