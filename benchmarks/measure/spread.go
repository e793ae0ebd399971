package measure

import "slices"

// Spread is what several rounds saw of one quantity.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// SpreadOf returns the spread of values, zero if there are none. The median of an
// even number is the mean of the two in the middle.
func SpreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	v := slices.Sorted(slices.Values(values))
	return Spread{v[(len(v)-1)/2]/2 + v[len(v)/2]/2, v[0], v[len(v)-1]}
}
