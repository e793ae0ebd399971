package compat_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	rtm "github.com/gofpnn/gofpnn/rtm/compat"
)

// documented returns the functions of the document that client has.
func documented(t *testing.T, client *rtm.RTMServerClient) map[string]reflect.Value {
	t.Helper()
	list, err := os.ReadFile("../testdata/go-functions.txt")
	require.NoError(t, err)
	functions := make(map[string]reflect.Value)
	for _, m := range regexp.MustCompile(`(?m)^func \(client \*RTMServerClient\) (\w+)\(`).FindAllStringSubmatch(string(list), -1) {
		functions[m[1]] = reflect.ValueOf(client).MethodByName(m[1])
		require.True(t, functions[m[1]].IsValid(), m[1])
	}
	require.Len(t, functions, 25)
	return functions
}

// call calls a function with fixed arguments it does not refuse, and rest.
func call(f reflect.Value, rest ...any) error {
	var args []reflect.Value
	for i := range f.Type().NumIn() - 1 {
		v := reflect.New(f.Type().In(i)).Elem()
		switch f.Type().In(i) {
		case reflect.TypeFor[int8]():
			v.SetInt(66)
		case reflect.TypeFor[rtm.MessageType]():
			v.SetInt(int64(rtm.MessageType_Group))
		case reflect.TypeFor[[]int64]():
			v.Set(reflect.ValueOf([]int64{1}))
		}
		args = append(args, v)
	}
	for _, value := range rest {
		args = append(args, reflect.ValueOf(value))
	}
	results := f.Call(args)
	err, _ := results[len(results)-1].Interface().(error)
	return err
}

func TestEveryFunctionRefusesArgumentsItDoesNotKnow(t *testing.T) {
	t.Parallel()
	client, _ := gate(t)
	for name, f := range documented(t, client) {
		for _, arg := range []any{5, 5.0, []int{66}, func() {}, func(int) {}, struct{}{}} {
			err := call(f, time.Minute, arg)
			require.ErrorContains(t, err, name+" takes no argument of type "+reflect.TypeOf(arg).String())
		}
	}
}

func TestEveryFunctionReportsTheGatesRefusal(t *testing.T) {
	t.Parallel()
	_, srv := gate(t)
	client := clientOf(t, srv.Project().ID, "another secret", srv.Addr())
	for name, f := range documented(t, client) {
		require.Equal(t, 200002, fpnn.Code(call(f, time.Minute)), name)
	}
}

func TestEveryFunctionKeepsToItsTimeout(t *testing.T) {
	t.Parallel()
	client := clientOf(t, 1, "s", "gate")
	client.SetDialer(silent(t))
	for name, f := range documented(t, client) {
		require.Equal(t, fpnn.CodeCoreTimeout, fpnn.Code(call(f, time.Nanosecond)), name)
	}
}

// The types of the document, field by field.
func TestTypesAreThoseOfTheDocument(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../testdata/go-types.txt", nil, 0)
	require.NoError(t, err)
	have := map[string]reflect.Type{
		"RTMAudioFileInfo":     reflect.TypeFor[rtm.RTMAudioFileInfo](),
		"FileMsgInfo":          reflect.TypeFor[rtm.FileMsgInfo](),
		"RTMMessage":           reflect.TypeFor[rtm.RTMMessage](),
		"HistoryMessageUnit":   reflect.TypeFor[rtm.HistoryMessageUnit](),
		"HistoryMessageResult": reflect.TypeFor[rtm.HistoryMessageResult](),
	}
	for _, decl := range file.Decls {
		spec := decl.(*ast.GenDecl).Specs[0].(*ast.TypeSpec)
		want, got := spec.Type.(*ast.StructType).Fields.List, have[spec.Name.Name]
		require.NotNil(t, got, spec.Name.Name)
		require.Equal(t, len(want), got.NumField())
		for i, f := range want {
			field := got.Field(i)
			if len(f.Names) == 0 {
				require.True(t, field.Anonymous)
				require.Equal(t, typeName(f.Type), field.Type.Name())
				continue
			}
			require.Equal(t, f.Names[0].Name, field.Name)
			require.Equal(t, typeName(f.Type), strings.ReplaceAll(field.Type.String(), "compat.", ""), field.Name)
			tag := ""
			if f.Tag != nil {
				tag = strings.Trim(f.Tag.Value, "`")
			}
			require.Equal(t, tag, string(field.Tag), field.Name)
		}
		delete(have, spec.Name.Name)
	}
	require.Empty(t, have)
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return "*" + typeName(e.X)
	case *ast.ArrayType:
		return "[]" + typeName(e.Elt)
	}
	return "?"
}
