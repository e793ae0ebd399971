package wire_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

const key = "k3y-of-the-project"

// showsNoKey fails if text holds the key, in clear or in hexadecimal of either case.
func showsNoKey(t *testing.T, text string) {
	t.Helper()
	text = strings.ToLower(text)
	require.NotContains(t, text, key)
	require.NotContains(t, text, fmt.Sprintf("%x", key))
	require.NotContains(t, strings.ReplaceAll(text, " ", ""), fmt.Sprintf("%x", key))
	require.NotContains(t, text, strings.Trim(strings.ReplaceAll(fmt.Sprintf("%v", []byte(key)), " ", ","), "[]"))
	require.NotContains(t, text, strings.Trim(fmt.Sprintf("%v", []byte(key)), "[]"))
}

func TestSecretShowsInNoFormat(t *testing.T) {
	t.Parallel()
	secret := wire.Secret(key)
	project := wire.Project{ID: 1, Secret: secret}
	values := map[string]any{
		"secret":         secret,
		"its pointer":    &secret,
		"project":        project,
		"project's":      &project,
		"struct":         struct{ P wire.Project }{project},
		"pointer inside": struct{ P *wire.Project }{&project},
		"slice":          []wire.Secret{secret},
		"map":            map[wire.Secret]wire.Secret{secret: secret},
		"any":            []any{secret, project},
		"signed":         wire.Signed{Project: project},
		"quest":          &wire.Send{Signed: wire.Signed{Project: project}},
	}
	// Not %p: what it does not fit, fmt prints bare.
	verbs := strings.Split("v +v #v s +s #s q +q #q x X #x % x % X d o b c U T t e f g 10s -10s 010s .3s 10.3q", " ")
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, verb := range verbs {
				showsNoKey(t, fmt.Sprintf("%"+verb, value))
			}
			showsNoKey(t, fmt.Sprint(value))
			showsNoKey(t, fmt.Errorf("with %v: %w", value, fmt.Errorf("%s", value)).Error())
		})
	}
}

func TestSecretShowsInNoEncoding(t *testing.T) {
	t.Parallel()
	project := wire.Project{ID: 1, Secret: key}
	encoders := map[string]func(v any) ([]byte, error){
		"json":    json.Marshal,
		"xml":     xml.Marshal,
		"msgpack": codec.Marshal,
		"slog text": func(v any) ([]byte, error) {
			var b bytes.Buffer
			slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v, slog.Group("g", "v", v))
			return b.Bytes(), nil
		},
		"slog json": func(v any) ([]byte, error) {
			var b bytes.Buffer
			slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v, slog.Group("g", "v", v))
			return b.Bytes(), nil
		},
	}
	for name, encode := range encoders {
		for _, v := range []any{project.Secret, &project.Secret, project, &project} {
			b, err := encode(v)
			require.NoError(t, err, name)
			showsNoKey(t, string(b))
			require.Contains(t, string(b), "redacted", name)
		}
	}
}

func TestSecretIsReadFromConfiguration(t *testing.T) {
	t.Parallel()
	var p wire.Project
	require.NoError(t, json.Unmarshal([]byte(`{"ID":7,"Secret":"`+key+`"}`), &p))
	require.Equal(t, wire.Project{ID: 7, Secret: key}, p)
}
