package wire_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// The numbers of rtmErrorCode.go in the vendor's Go SDK.
var codes = []int{
	200001, 200002, 200003, 200004, 200005, 200006, 200007, 200008,
	200010, 200011, 200012,
	200020, 200021, 200022, 200023, 200024, 200025, 200026,
	200030, 200031, 200032, 200033,
	200040, 200041, 200042, 200043, 200044, 200045, 200046, 200047, 200048,
	200050, 200051, 200052, 200053, 200054, 200055, 200056, 200057,
	200060, 200061,
	200070,
	200999,
}

// constants returns the names of a file's constants and their values as written.
func constants(t *testing.T, path string) (names, values []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	require.NoError(t, err)
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			spec := spec.(*ast.ValueSpec)
			names = append(names, spec.Names[0].Name)
			switch v := spec.Values[0].(type) {
			case *ast.BasicLit:
				values = append(values, v.Value)
			case *ast.SelectorExpr:
				values = append(values, v.Sel.Name)
			}
		}
	}
	return names, values
}

func TestCodesAreTheVendors(t *testing.T) {
	t.Parallel()
	names, values := constants(t, "codes.go")
	require.Len(t, values, len(codes))
	for i, code := range codes {
		require.Equal(t, strconv.Itoa(code), values[i], names[i])
		require.NotEmpty(t, wire.CodeText(code))
		require.Empty(t, wire.CodeText(code+100))
	}
	// Package rtm shows each under its own name.
	shown, means := constants(t, "../codes.go")
	require.Equal(t, names, shown)
	require.Equal(t, names, means)
	for _, name := range names {
		require.True(t, strings.HasPrefix(name, "Code"))
	}
}

// Of these methods there is no recording.
func TestNamesOfMethodsWithoutVectors(t *testing.T) {
	t.Parallel()
	require.Equal(t, "clearusermsg", new(wire.ClearUser).Method())
	require.Equal(t, "ping", wire.PushPing)
	b, err := (&wire.Signable{Quest: &wire.ClearUser{UID: 7}}).AppendPayload(nil)
	require.NoError(t, err)
	require.EqualValues(t, 7, payloadOf(t, b).(map[string]any)["uid"])
}
