package rtm_test

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/compat"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// functions returns a document's list, by name.
func functions(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	require.NoError(t, err)
	defer f.Close()
	name := regexp.MustCompile(`^(?:func \(client \*RTMServerClient\) )?(\w+)\(`)
	list := make(map[string]string)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		m := name.FindStringSubmatch(lines.Text())
		require.NotNil(t, m, lines.Text())
		list[m[1]] = lines.Text()
	}
	return list
}

// wireMethods are the methods package wire knows of those in the documents.
func wireMethods() map[string]bool {
	known := map[string]bool{wire.SendMulti: true}
	for kind := wire.P2P; kind <= wire.Broadcast; kind++ {
		known[kind.SendMethod()], known[kind.HistoryMethod()] = true, true
	}
	for _, q := range []wire.Quest{
		new(wire.Get), new(wire.Delete), new(wire.Edit), new(wire.Clean), new(wire.DeleteSent), new(wire.Count),
	} {
		known[q.Method()] = true
	}
	return known
}

// The table in the package's documentation has a row for each function of the
// documents, and each row is true.
func TestDocumentationMapsEveryDocumentedFunction(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	known := wireMethods()
	for _, file := range []string{"go-functions.txt", "python-functions.txt"} {
		list := functions(t, file)
		require.NotEmpty(t, list)
		for name := range list {
			row := regexp.MustCompile(`(?m)^//\t` + name + `\s+(\w+)\s+(\w+)$`).FindSubmatch(doc)
			require.NotNil(t, row, "%s: no row for %s", file, name)
			_, ok := reflect.TypeFor[*rtm.Client]().MethodByName(string(row[1]))
			require.True(t, ok, "%s: no method %s", name, row[1])
			require.True(t, known[string(row[2])], "%s: no method %s on the wire", name, row[2])
		}
	}
}

// Package compat has each function of the Go document with exactly its signature.
func TestCompatHasTheDocumentedSignatures(t *testing.T) {
	t.Parallel()
	client := reflect.TypeFor[*compat.RTMServerClient]()
	for name, line := range functions(t, "go-functions.txt") {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+strings.TrimSuffix(line, "{")+" {}", 0)
		require.NoError(t, err, line)
		want := file.Decls[0].(*ast.FuncDecl).Type
		method, ok := client.MethodByName(name)
		require.True(t, ok, name)
		require.Equal(t, types(want.Params), signature(method.Type.NumIn(), 1, method.Type.In), name)
		require.Equal(t, types(want.Results), signature(method.Type.NumOut(), 0, method.Type.Out), name)
		_, variadic := want.Params.List[len(want.Params.List)-1].Type.(*ast.Ellipsis)
		require.True(t, variadic && method.Type.IsVariadic(), name)
	}
}

// types are the types of parameters or results as they are written.
func types(fields *ast.FieldList) (all []string) {
	for _, f := range fields.List {
		for range max(1, len(f.Names)) {
			all = append(all, typeName(f.Type))
		}
	}
	return all
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		if e.Name == "byte" {
			return "uint8"
		}
		return e.Name
	case *ast.StarExpr:
		return "*" + typeName(e.X)
	case *ast.ArrayType:
		return "[]" + typeName(e.Elt)
	case *ast.Ellipsis:
		return "[]" + typeName(e.Elt)
	case *ast.InterfaceType:
		return "interface {}"
	}
	return "?"
}

func signature(n, first int, of func(i int) reflect.Type) (all []string) {
	for i := first; i < n; i++ {
		all = append(all, strings.ReplaceAll(of(i).String(), "compat.", ""))
	}
	return all
}
