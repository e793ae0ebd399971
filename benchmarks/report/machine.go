package report

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Machine is where a run was made.
type Machine struct {
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	CPU   string `json:"cpu,omitempty"` // its name, where that is known
	CPUs  int    `json:"cpus"`          // that Go uses
	Go    string `json:"go"`
	Files uint64 `json:"files,omitempty"` // that a process may have open
}

// ThisMachine describes this machine.
func ThisMachine() Machine {
	return Machine{
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPU: cpuName(), CPUs: runtime.GOMAXPROCS(0), Go: runtime.Version(),
		Files: OpenFiles(),
	}
}

// String returns one line for people.
func (m Machine) String() string {
	name := ""
	if m.CPU != "" {
		name = m.CPU + ", "
	}
	return fmt.Sprintf("%s%d CPUs, %s/%s, %s", name, m.CPUs, m.OS, m.Arch, m.Go)
}

func cpuName() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, name, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(name)
		}
	}
	return ""
}
