package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

const (
	// answerTime bounds what a server's process is asked for.
	answerTime = 30 * time.Second
	// stopTime is what it has to end.
	stopTime = 5 * time.Second
)

// Process is a server's process. Its methods are used by one goroutine.
type Process struct {
	Address
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers *json.Decoder
	ended   chan struct{}
	err     error // why, valid when ended is closed
}

// Start starts a process that serves p: this program again, which calls [Main].
// It ends with Stop, or with this process, however that ends.
func Start(ctx context.Context, p Peer) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self) //nolint:noctx // Stop ends it
	cmd.Env = append(os.Environ(), childVar+"="+p.serverName())
	cmd.Stderr = os.Stderr
	leadGroup(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// Not StdoutPipe, which Wait closes: an answer may still be read from it.
	out, pipe, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout = pipe
	err = cmd.Start()
	_ = pipe.Close()
	if err != nil {
		_ = out.Close()
		return nil, err
	}
	pr := &Process{cmd: cmd, in: in, answers: json.NewDecoder(out), ended: make(chan struct{})}
	go func() {
		pr.err = cmd.Wait()
		_ = killGroup(cmd) // what it has started and left, however it ended
		close(pr.ended)
		_ = out.Close()
	}()
	if err := pr.read(ctx, &pr.Address); err != nil {
		pr.Stop()
		return nil, err
	}
	return pr, nil
}

// CPU returns the processor time the server has used so far.
func (pr *Process) CPU(ctx context.Context) (time.Duration, error) {
	u, err := pr.ask(ctx, "cpu")
	return u.CPU, err
}

// Usage returns what the server has used, after a garbage collection.
func (pr *Process) Usage(ctx context.Context) (Usage, error) { return pr.ask(ctx, "memory") }

// Profile begins a CPU profile of the server's process, or ends it if path is "".
func (pr *Process) Profile(ctx context.Context, path string) error {
	_, err := pr.ask(ctx, "profile "+path)
	return err
}

func (pr *Process) ask(ctx context.Context, command string) (u Usage, err error) {
	if _, err := io.WriteString(pr.in, command+"\n"); err != nil {
		return u, fmt.Errorf("server's process: %w", err)
	}
	return u, pr.read(ctx, &u)
}

// read reads one line. A process that does not write it is ended.
func (pr *Process) read(ctx context.Context, v any) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	defer context.AfterFunc(ctx, pr.Kill)()
	if err := pr.answers.Decode(v); err != nil {
		return fmt.Errorf("server's process: %w", err)
	}
	return nil
}

// Kill ends the process at once. It may be called concurrently with everything.
func (pr *Process) Kill() { _ = pr.cmd.Process.Kill() }

// Stop ends the process and waits for its end.
func (pr *Process) Stop() {
	_ = pr.in.Close()
	timer := time.AfterFunc(stopTime, pr.Kill)
	defer timer.Stop()
	<-pr.ended
}
