//go:build !race

package fakeserver_test

const raceEnabled = false
