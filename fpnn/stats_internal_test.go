package fpnn

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// numbered returns a value of the struct type T whose fields, those of embedded
// structs included, are 1, 2, 3...
func numbered[T any]() (v T, fields int) {
	var fill func(s reflect.Value)
	fill = func(s reflect.Value) {
		for _, f := range s.Fields() {
			if f.Kind() == reflect.Struct {
				fill(f)
				continue
			}
			fields++
			f.SetInt(int64(fields))
		}
	}
	fill(reflect.ValueOf(&v).Elem())
	return v, fields
}

func TestEveryCounterIsSummed(t *testing.T) {
	t.Parallel()
	sum, fields := numbered[ConnStats]()
	sum.add(sum)
	v := reflect.ValueOf(sum)
	for i := range fields {
		require.EqualValues(t, 2*(i+1), v.Field(i).Int(), v.Type().Field(i).Name)
	}
}

func TestEveryCounterIsAMetric(t *testing.T) {
	t.Parallel()
	conn, n := numbered[ConnStats]()
	requireMetrics(t, n, conn.Metrics())
	client, n := numbered[ClientStats]()
	requireMetrics(t, n, client.Metrics())
	server, n := numbered[ServerStats]()
	requireMetrics(t, n, server.Metrics())
}

func requireMetrics(t *testing.T, n int, metrics []Metric) {
	t.Helper()
	values := map[int64]string{}
	for _, m := range metrics {
		require.Empty(t, values[m.Value], "%s and %s", values[m.Value], m.Name)
		values[m.Value] = m.Name
	}
	require.Len(t, values, n)
	require.NotContains(t, values, 0)
}
