//go:build !unix

package peer

import "os/exec"

func leadGroup(*exec.Cmd) {}

func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }
