package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
)

const redisServer = "redis-server"

var rueidisEcho = Peer{
	Name: "rueidis",
	What: "rueidis, ECHO to redis-server",
	Missing: func() string {
		if _, err := exec.LookPath(redisServer); err != nil {
			return "there is no redis-server here; install it with `apt-get install redis-server` or the like"
		}
		return ""
	},
	Serve: serveRedis,
	Dial: func(_ context.Context, at Address) (Conn, error) {
		c, err := rueidis.NewClient(rueidis.ClientOption{
			InitAddress:       []string{at.Addr},
			PipelineMultiplex: -1, // one connection
			DisableCache:      true,
			ForceSingleClient: true,
		})
		if err != nil {
			return nil, err
		}
		return rueidisConn{c}, nil
	},
}

const redisStart = 10 * time.Second

// serveRedis starts a redis-server that keeps nothing on disk.
func serveRedis(ctx context.Context) (*Served, error) {
	l, err := listenTCP(ctx) // for a port that is free
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.CommandContext(ctx, redisServer, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	cmd.Dir = os.TempDir()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	if err := awaitListener(ctx, addr); err != nil {
		stop()
		return nil, err
	}
	pid := cmd.Process.Pid
	return &Served{Address: Address{Addr: addr}, CPU: func() time.Duration { return cpuOf(pid) }, Stop: stop}, nil
}

// awaitListener waits until somebody listens at addr.
func awaitListener(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, redisStart)
	defer cancel()
	retry := time.NewTicker(10 * time.Millisecond)
	defer retry.Stop()
	for {
		nc, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err == nil {
			return nc.Close()
		}
		select {
		case <-ctx.Done():
			return errors.Join(errors.New("redis-server does not listen"), err)
		case <-retry.C:
		}
	}
}

// cpuOf returns the processor time of another process, as Linux tells it in
// hundredths of a second; 0 where it is not known.
func cpuOf(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, in parentheses, may hold anything; utime and stime are the 12th
	// and 13th field after it.
	const tick, utime, stime = 10 * time.Millisecond, 11, 12
	fields := strings.Fields(string(stat)[strings.LastIndexByte(string(stat), ')')+1:])
	if len(fields) <= stime {
		return 0
	}
	user, _ := strconv.Atoi(fields[utime])
	system, _ := strconv.Atoi(fields[stime])
	return time.Duration(user+system) * tick
}

type rueidisConn struct{ rueidis.Client }

func (c rueidisConn) Caller() measure.Caller {
	ctx := context.Background()
	return func() error {
		s, err := c.Do(ctx, c.B().Echo().Message(Text).Build()).ToString()
		if err != nil {
			return err
		}
		if len(s) != len(Text) {
			return errAnswer
		}
		return nil
	}
}

func (c rueidisConn) Close() error {
	c.Client.Close()
	return nil
}
