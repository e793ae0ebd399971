package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/fpnn"
)

// Outside is a peer whose client is a program, of any language. See
// [Program] for what it is told and has to tell.
func Outside(name, command string) Peer {
	return Peer{
		Name:   name,
		What:   "an outside program",
		Keeps:  true, // what the gate is sent
		server: "outside",
		Serve:  func(ctx context.Context) (*Served, error) { return ServeOutside(ctx, "127.0.0.1:0") },
		Dial: func(_ context.Context, at Address) (Conn, error) {
			return outside{Program{Command: command, Address: at}}, nil
		},
	}
}

// ServeOutside serves outside programs at a TCP address: an FPNN server that
// echoes "two way demo" and has the methods of the fake RTM gate, and, at an
// address of its own, a raw echo peer as that of the row fpnn.
func ServeOutside(ctx context.Context, listen string) (*Served, error) {
	raw, err := serveRaw(ctx)
	if err != nil {
		return nil, err
	}
	srv, err := startGate(listen, fpnn.WithMiddleware(func(next fpnn.Handler) fpnn.Handler {
		return fpnn.HandlerFunc(func(ctx context.Context, q *fpnn.Quest) (any, error) {
			if q.Method() == method {
				return serveEcho(ctx, q)
			}
			return next.ServeQuest(ctx, q)
		})
	}))
	if err != nil {
		raw.Stop()
		return nil, err
	}
	return &Served{Address: Address{Addr: srv.Addr(), Raw: raw.Addr}, Stop: func() {
		_ = srv.Close()
		raw.Stop()
	}}, nil
}

// Program is a client outside of this module. It is run by the shell, once for
// each measurement, and is told by its environment:
//
//	LEAGUE_ADDR      host:port of an FPNN server: "two way demo" is answered with
//	                 what it brings, and the RTM methods are there
//	LEAGUE_RAW_ADDR  host:port of the peer of the row fpnn, which echoes any method
//	LEAGUE_N         how many calls are to be under way, on one connection
//	LEAGUE_SECONDS   for how long, as "1.5"
//	LEAGUE_WARMUP    how long to make calls before those, which do not count, as "0.2"
//	LEAGUE_PID       RTM's project
//	LEAGUE_SECRET    and its secret
//
// It connects, makes calls of about 100 bytes, each caller one after the other,
// and writes a [Report] as the last line of its output. Nobody else warms it up:
// what has to be compiled or filled first would count. Processor time is that of
// the whole program for each call that counts, its start and its warm-up included,
// and the server's from the start to the end. What it writes to its standard error
// is passed on. It is ended if it takes longer than it should, by 15 seconds or, in
// a quick run, 2.
type Program struct {
	Command string
	Address Address
}

// Report is what a program tells: calls and seconds at least. Nothing is below 0.
type Report struct {
	Calls   int64    `json:"calls"`   // answered after the warm-up, above 0
	Seconds float64  `json:"seconds"` // that they took: a tenth to ten times of what was asked for
	P50     *float64 `json:"p50_us"`  // microseconds of one call
	P99     *float64 `json:"p99_us"`
	P999    *float64 `json:"p999_us"`
	Allocs  *float64 `json:"allocs"` // for each call
	Bytes   *float64 `json:"bytes"`  // allocated for each call
}

// errReport is what is wrong with a program's output.
var errReport = errors.New("the last line of the program's output is not as it should be")

// Run runs the program.
func (p Program) Run(ctx context.Context, n int, warmup, d time.Duration) (measure.Sample, error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", p.Command)
	cmd.Env = append(os.Environ(),
		"LEAGUE_ADDR="+p.Address.Addr,
		"LEAGUE_RAW_ADDR="+p.Address.Raw,
		"LEAGUE_N="+strconv.Itoa(n),
		"LEAGUE_SECONDS="+inSeconds(d),
		"LEAGUE_WARMUP="+inSeconds(warmup),
		"LEAGUE_PID="+strconv.Itoa(int(project.ID)),
		"LEAGUE_SECRET="+string(project.Secret),
	)
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = time.Second
	leadGroup(cmd)
	cmd.Cancel = func() error { return killGroup(cmd) }
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return measure.Sample{}, fmt.Errorf("%w: %w", measure.ErrHung, context.Cause(ctx))
	}
	if err != nil {
		return measure.Sample{}, fmt.Errorf("outside program: %w", err)
	}
	r, err := parseReport(out, d)
	if err != nil {
		return measure.Sample{}, err
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return r.sample(cpu), nil
}

func inSeconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

// parseReport reads the last line of the output of a program that was asked to
// make calls for d.
func parseReport(out []byte, d time.Duration) (r Report, err error) {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	last := lines[len(lines)-1]
	if err := json.Unmarshal(last, &r); err != nil {
		return r, fmt.Errorf("%w: %w: %.100q", errReport, err, last)
	}
	if why := r.wrong(d); why != "" {
		return r, fmt.Errorf("%w: %s: %.100q", errReport, why, last)
	}
	return r, nil
}

// wrong says what is wrong with a report after d, "" if nothing. JSON has no
// infinite numbers.
func (r *Report) wrong(d time.Duration) string {
	const off = 10 // what seconds may be off by, either way
	if r.Calls <= 0 {
		return "calls has to be above 0"
	}
	asked := d.Seconds()
	least, most := max(asked/off, time.Nanosecond.Seconds()), asked*off
	if r.Seconds < least || r.Seconds > most {
		return fmt.Sprintf("seconds has to be from %v to %v, since it was asked for %v", least, most, asked)
	}
	for _, v := range []*float64{r.P50, r.P99, r.P999, r.Allocs, r.Bytes} {
		if v != nil && *v < 0 {
			return "nothing can be below 0"
		}
	}
	return ""
}

func (r *Report) sample(cpu time.Duration) measure.Sample {
	known := func(v *float64) float64 {
		if v == nil {
			return math.NaN()
		}
		return *v
	}
	return measure.Sample{
		Calls: r.Calls, Elapsed: time.Duration(r.Seconds * float64(time.Second)),
		P50: known(r.P50), P99: known(r.P99), P999: known(r.P999),
		Allocs: known(r.Allocs), Bytes: known(r.Bytes),
		CPU: float64(cpu.Microseconds()) / float64(r.Calls),
	}
}

// outside has a connection only while it is measured.
type outside struct{ Program }

// Caller is not used: Load does without callers.
func (outside) Caller() measure.Caller { return nil }
func (outside) Close() error           { return nil }

func (o outside) Load(ctx context.Context, n int, d time.Duration) (measure.Sample, error) {
	return o.Run(ctx, n, 0, d)
}

func (o outside) LoadWarm(ctx context.Context, n int, warmup, d time.Duration) (measure.Sample, error) {
	return o.Run(ctx, n, warmup, d)
}
