package compat

import (
	"log"
	"os"
	"sync"
	"time"
)

// Config holds the process-wide defaults, for clients that have none of their
// own. It is the documentation's fpnn.Config. All methods may be called
// concurrently; what they change holds from the next call on.
var Config = &config{
	logger: log.New(os.Stdout, "[RTM Go SDK] ", log.LstdFlags|log.Lshortfile),
}

// usualTimeout is what the published SDK's clients have.
const usualTimeout = 30 * time.Second

type config struct {
	mu                           sync.Mutex
	questTimeout, connectTimeout time.Duration
	logger                       RTMLogger
}

// SetQuestTimeout sets the default time-out of calls: 30 s, if 0.
func (c *config) SetQuestTimeout(timeout time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.questTimeout = timeout
}

// SetConnectTimeout sets the default time-out of connecting: 30 s, if 0.
func (c *config) SetConnectTimeout(timeout time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connectTimeout = timeout
}

// SetLogger sets where clients without a logger of their own report what is
// wrong: standard output, until it is set; nil is nowhere.
func (c *config) SetLogger(logger *log.Logger) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.logger = nil; logger != nil {
		c.logger = logger
	}
}

func (c *config) get() (quest, connect time.Duration, logger RTMLogger) {
	c.mu.Lock()
	defer c.mu.Unlock()
	given := func(d time.Duration) time.Duration {
		if d <= 0 {
			return usualTimeout
		}
		return d
	}
	return given(c.questTimeout), given(c.connectTimeout), c.logger
}

// RTMLogger is where a client reports what is wrong.
type RTMLogger interface {
	Println(args ...any)
	Printf(format string, args ...any)
}
