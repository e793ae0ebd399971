package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

// programVar has this test be an outside program instead.
const programVar = "LEAGUE_TEST_PROGRAM"

func TestMain(m *testing.M) {
	Main()
	if os.Getenv(programVar) != "" {
		if err := program(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// program is an outside program: it makes one call of each kind and tells what it
// was told.
func program() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, addr := range []string{os.Getenv("LEAGUE_ADDR"), os.Getenv("LEAGUE_RAW_ADDR")} {
		c, err := DialFPNN(ctx, addr)
		if err != nil {
			return err
		}
		if err := c.Caller()(); err != nil {
			return err
		}
		if err := c.Close(); err != nil {
			return err
		}
	}
	pid, err := strconv.Atoi(os.Getenv("LEAGUE_PID"))
	if err != nil {
		return err
	}
	c, err := rtm.Dial(ctx, os.Getenv("LEAGUE_ADDR"), rtm.Project{ID: int32(pid), Secret: rtm.Secret(os.Getenv("LEAGUE_SECRET"))})
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Send(ctx, 1, rtm.User(2), rtm.Message{Type: 51, Text: Text}); err != nil {
		return err
	}
	if _, err := c.FPNN().Call(ctx, "nosuch", nil); fpnn.Code(err) != fpnn.CodeCoreUnknownMethod {
		return fmt.Errorf("nosuch: %w", err)
	}
	n, err := strconv.ParseInt(os.Getenv("LEAGUE_N"), 10, 64)
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseFloat(os.Getenv("LEAGUE_SECONDS"), 64)
	if err != nil {
		return err
	}
	fmt.Println("what comes before the last line is not looked at")
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"calls": n, "seconds": seconds, "p99_us": 12.5, "allocs": 0})
}
