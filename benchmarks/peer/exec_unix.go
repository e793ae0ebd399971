//go:build unix

package peer

import (
	"os/exec"
	"syscall"
)

// leadGroup has cmd lead a group of all processes that it starts.
func leadGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills what is left of the group that cmd leads.
func killGroup(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
