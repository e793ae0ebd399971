package fakeserver

import (
	"fmt"
	"slices"
	"strings"
)

const (
	// around is how many equal lines are shown around what differs.
	around = 3
	// maxCompared bounds the work of finding the shortest difference, in pairs of
	// lines. Beyond it all is shown that lies between the first and the last line
	// that differ.
	maxCompared = 1_000_000
)

// difference shows what has to be done with want to get got, line by line; "" if
// they are equal.
func difference(what string, want, got []string) string {
	if slices.Equal(want, got) {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s (- missing, + not expected):", what)
	before := 0
	for before < len(want) && before < len(got) && want[before] == got[before] {
		before++
	}
	after := 0
	for after < len(want)-before && after < len(got)-before && want[len(want)-1-after] == got[len(got)-1-after] {
		after++
	}
	show(&b, "  ", want[max(0, before-around):before], before-around)
	compare(&b, want[before:len(want)-after], got[before:len(got)-after])
	tail := want[len(want)-after:]
	show(&b, "  ", tail[:min(after, around)], 0)
	if n := after - around; n > 0 {
		fmt.Fprintf(&b, "\n  ... %d more", n)
	}
	return b.String()
}

// show appends lines, after saying how many were left out.
func show(b *strings.Builder, mark string, lines []string, left int) {
	if left > 0 {
		fmt.Fprintf(b, "\n  ... %d more", left)
	}
	for _, line := range lines {
		b.WriteString("\n" + mark + line)
	}
}

// compare appends the shortest difference: it keeps the longest list of lines
// that both have in this order.
func compare(b *strings.Builder, want, got []string) {
	if len(want)*len(got) > maxCompared {
		show(b, "- ", want, 0)
		show(b, "+ ", got, 0)
		return
	}
	// common[i][j] is how many lines want[i:] and got[j:] have in common.
	common := make([][]int32, len(want)+1)
	for i := range common {
		common[i] = make([]int32, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			if want[i] == got[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && want[i] == got[j]:
			show(b, "  ", want[i:i+1], 0)
			i, j = i+1, j+1
		case j == len(got) || i < len(want) && common[i+1][j] >= common[i][j+1]:
			show(b, "- ", want[i:i+1], 0)
			i++
		default:
			show(b, "+ ", got[j:j+1], 0)
			j++
		}
	}
}
