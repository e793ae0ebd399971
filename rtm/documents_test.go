package rtm_test

import (
	"bufio"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/compat"
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

// recorder is a gate that notes which methods are called and refuses them.
type recorder struct {
	client *rtm.Client
	srv    string
	seen   []string
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := new(recorder)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		r.seen = append(r.seen, q.Method())
		return nil, fpnn.Errorf(rtm.CodePermissionDenied, "noted")
	}), fpnn.WithConcurrency(1))
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, srv.Close())
		<-served
	})
	r.srv = l.Addr().String()
	r.client, err = rtm.Dial(t.Context(), r.srv, rtm.Project{ID: 1, Secret: "s"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.client.Close()) })
	return r
}

// last returns the method called since it was last asked.
func (r *recorder) last(t *testing.T) string {
	t.Helper()
	require.Len(t, r.seen, 1)
	method := r.seen[0]
	r.seen = nil
	return method
}

// pairs returns which methods on the wire each method of Client calls.
func (r *recorder) pairs(t *testing.T) map[string]map[string]bool {
	t.Helper()
	ctx, c := t.Context(), r.client
	calls := map[string]func(target rtm.Target){
		"Send":               func(to rtm.Target) { _, _ = c.Send(ctx, 1, to, rtm.Message{Type: 66}) },
		"SendMulti":          func(rtm.Target) { _, _ = c.SendMulti(ctx, 1, []int64{2}, rtm.Message{Type: 66}) },
		"History":            func(with rtm.Target) { _, _ = c.History(ctx, 1, with, rtm.HistoryQuery{}) },
		"Get":                func(to rtm.Target) { _, _ = c.Get(ctx, 1, to, 1) },
		"Delete":             func(to rtm.Target) { _ = c.Delete(ctx, 1, to, 1) },
		"Clean":              func(with rtm.Target) { _ = c.Clean(ctx, 1, with, 0, 0) },
		"Edit":               func(to rtm.Target) { _ = c.Edit(ctx, 1, to, 1, rtm.EditRequest{}) },
		"DeleteConversation": func(to rtm.Target) { _ = c.DeleteConversation(ctx, 1, to) },
		"Count":              func(rtm.Target) { _, _ = c.Count(ctx, rtm.Group(1), rtm.CountQuery{}) },
	}
	pairs := make(map[string]map[string]bool)
	for name, call := range calls {
		pairs[name] = make(map[string]bool)
		for _, target := range targets {
			call(target)
			pairs[name][r.last(t)] = true
		}
	}
	return pairs
}

// The table in the package's documentation has a row for each function of the
// documents, and each row is true: the method of Client calls that method on the
// wire, and so does the function of package compat.
func TestDocumentationMapsEveryDocumentedFunction(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	r := newRecorder(t)
	pairs := r.pairs(t)
	old := compat.NewRTMServerClient(1, "s", r.srv)
	defer old.Close()
	for _, file := range []string{"go-functions.txt", "python-functions.txt"} {
		list := functions(t, file)
		require.NotEmpty(t, list)
		for name := range list {
			row := regexp.MustCompile(`(?m)^//\t` + name + `\s+(\w+)\s+(\w+)$`).FindSubmatch(doc)
			require.NotNil(t, row, "%s: no row for %s", file, name)
			method, onWire := string(row[1]), string(row[2])
			require.True(t, pairs[method][onWire], "%s: %s does not call %s", name, method, onWire)
			if f := reflect.ValueOf(old).MethodByName(name); f.IsValid() {
				f.Call(someArguments(f.Type()))
				require.Equal(t, onWire, r.last(t), name)
				continue
			}
			for kind, word := range map[string]string{"group": "group", "room": "room", "broadcast": "broadcast", "p2p": "p2p"} {
				if method == "History" || method == "Send" {
					require.Equal(t, strings.Contains(name, kind), strings.Contains(onWire, word), name)
				}
			}
		}
	}
}

// someArguments returns arguments that a function does not refuse.
func someArguments(f reflect.Type) (args []reflect.Value) {
	for i := range f.NumIn() - 1 {
		v := reflect.New(f.In(i)).Elem()
		switch f.In(i) {
		case reflect.TypeFor[int8]():
			v.SetInt(66)
		case reflect.TypeFor[compat.MessageType]():
			v.SetInt(int64(compat.MessageType_Group))
		case reflect.TypeFor[[]int64]():
			v.Set(reflect.ValueOf([]int64{1}))
		}
		args = append(args, v)
	}
	return args
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
