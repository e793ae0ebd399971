package measure

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMedianOfAnEvenNumberIsTheMeanOfTwo(t *testing.T) {
	t.Parallel()
	require.Equal(t, Spread{Median: 2.5, Min: 1, Max: 7}, SpreadOf([]float64{7, 2, 1, 3}))
	const most = math.MaxFloat64
	require.Equal(t, Spread{Median: most, Min: most, Max: most}, SpreadOf([]float64{most, most}), "is finite")
}
