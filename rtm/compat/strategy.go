package compat

import (
	"errors"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
)

// RTMRegressiveConnectStrategy says how a lost connection is made again. The SDK
// tries at once for some times, and then waits times that grow evenly. Here the
// pauses are random, and their bound doubles with each failure: it comes to the
// first interval after as many failures as the SDK tries at once, and ends at the
// largest.
type RTMRegressiveConnectStrategy struct {
	connectFailedMaxIntervalMilliseconds int
	startConnectFailedCount              int
	firstIntervalSeconds                 int
	maxIntervalSeconds                   int
	linearRegressiveCount                int
}

// DefaultRegressiveStrategy is the strategy of clients that are given none.
var DefaultRegressiveStrategy = NewRTMRegressiveConnectStrategy(1500, 5, 2, 120, 5)

// NewRTMRegressiveConnectStrategy returns a strategy: a connection that lasts no
// longer than the first argument, in milliseconds, counts as a failure; after as
// many failures as the second, pauses come to the third, in seconds, and never
// exceed the fourth. The last is not used.
func NewRTMRegressiveConnectStrategy(connectFailedMaxIntervalMilliseconds int, startConnectFailedCount int,
	firstIntervalSeconds int, maxIntervalSeconds int, linearRegressiveCount int,
) *RTMRegressiveConnectStrategy {
	return &RTMRegressiveConnectStrategy{
		connectFailedMaxIntervalMilliseconds, startConnectFailedCount,
		firstIntervalSeconds, maxIntervalSeconds, linearRegressiveCount,
	}
}

// SetConnectFailedInterval sets how short a connection counts as a failure.
func (strategy *RTMRegressiveConnectStrategy) SetConnectFailedInterval(milliseconds int) {
	strategy.connectFailedMaxIntervalMilliseconds = milliseconds
}

// SetStartConnectFailedCount sets after how many failures pauses come to the first
// interval.
func (strategy *RTMRegressiveConnectStrategy) SetStartConnectFailedCount(count int) {
	strategy.startConnectFailedCount = count
}

// SetFirstIntervalTime sets the first interval.
func (strategy *RTMRegressiveConnectStrategy) SetFirstIntervalTime(second int) {
	strategy.firstIntervalSeconds = second
}

// SetMaxInterval sets the largest interval.
func (strategy *RTMRegressiveConnectStrategy) SetMaxInterval(second int) {
	strategy.maxIntervalSeconds = second
}

// SetLinearRegressiveCount sets a number that is not used.
func (strategy *RTMRegressiveConnectStrategy) SetLinearRegressiveCount(count int) {
	strategy.linearRegressiveCount = count
}

// SetDefaultRegressiveConnectStrategy sets how a lost connection is made again. It
// holds if set before the first connection; nil changes nothing.
func (client *RTMServerClient) SetDefaultRegressiveConnectStrategy(strategy *RTMRegressiveConnectStrategy) {
	if strategy == nil {
		return
	}
	client.mu.Lock()
	defer client.mu.Unlock()
	client.strategy = strategy
}

// reconnect returns the strategy in package fpnn's words.
func (strategy *RTMRegressiveConnectStrategy) reconnect(eager bool) (fpnn.Reconnect, error) {
	first := time.Duration(strategy.firstIntervalSeconds) * time.Second
	r := fpnn.Reconnect{
		Min:    first >> min(max(0, strategy.startConnectFailedCount), 16),
		Max:    time.Duration(strategy.maxIntervalSeconds) * time.Second,
		Stable: time.Duration(strategy.connectFailedMaxIntervalMilliseconds) * time.Millisecond,
		Eager:  eager,
	}
	if r.Min <= 0 || r.Max < r.Min || r.Stable < 0 {
		return r, errors.New("rtm: strategy with intervals out of range")
	}
	return r, nil
}
