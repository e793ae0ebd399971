//go:build !race

package rtm_test

import "testing"

const raceEnabled = false

func oneProcessor(*testing.T) {}
