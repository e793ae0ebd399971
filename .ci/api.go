// Command api lists what the packages of the module in each directory named export,
// one line for each thing that a program may use, so that a change to it shows.
//
// Packages that promise nothing are left out: commands, internal ones, and of rtm/wire
// what no other package shows.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

const module = "github.com/gofpnn/gofpnn/"

// vocabulary is the package whose types count where another one shows them.
const vocabulary = "rtm/wire"

func main() {
	var shown, rest []string
	for _, dir := range os.Args[1:] {
		lines, err := list(dir)
		if err != nil {
			fmt.Fprintln(os.Stderr, "api:", err)
			os.Exit(1)
		}
		for _, line := range lines {
			if strings.HasPrefix(line, "pkg "+vocabulary+",") {
				rest = append(rest, line)
			} else {
				shown = append(shown, line)
			}
		}
	}
	for _, line := range append(shown, mentioned(shown, rest)...) {
		fmt.Println(line)
	}
}

// mentioned returns those lines of rest that are about types the shown ones mention,
// or these in turn.
func mentioned(shown, rest []string) (lines []string) {
	mention := regexp.MustCompile(vocabulary + `\.(\w+)`)
	subject := regexp.MustCompile(`, (?:type |method \(\*?)(\w+)`)
	seen := make(map[string]bool)
	for news := shown; len(news) > 0; {
		wanted := make(map[string]bool)
		for _, line := range news {
			for _, m := range mention.FindAllStringSubmatch(line, -1) {
				if !seen[m[1]] {
					seen[m[1]], wanted[m[1]] = true, true
				}
			}
		}
		news = nil
		for _, line := range rest {
			if m := subject.FindStringSubmatch(line); m != nil && wanted[m[1]] {
				news = append(news, line)
			}
		}
		lines = append(lines, news...)
	}
	slices.Sort(lines)
	return lines
}

// pkg is what go list tells of a package.
type pkg struct {
	ImportPath, Name, Export string
	DepOnly                  bool
}

func list(dir string) (lines []string, err error) {
	cmd := exec.CommandContext(context.Background(), "go", "list", "-export", "-deps", "-json=ImportPath,Name,Export,DepOnly", "./...")
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	exports := make(map[string]string)
	var paths []string
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		exports[p.ImportPath] = p.Export
		if !p.DepOnly && p.Name != "main" && !strings.Contains(p.ImportPath, "/internal/") {
			paths = append(paths, p.ImportPath)
		}
	}
	imp := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, path := range paths {
		p, err := imp.Import(path)
		if err != nil {
			return nil, err
		}
		l := lister{pkg: p, name: strings.TrimPrefix(path, module)}
		for _, name := range p.Scope().Names() {
			if o := p.Scope().Lookup(name); o.Exported() {
				l.object(o)
			}
		}
		slices.Sort(l.lines)
		lines = append(lines, l.lines...)
	}
	return lines, nil
}

// lister lists one package.
type lister struct {
	pkg   *types.Package
	name  string
	lines []string
}

func (l *lister) add(format string, args ...any) {
	l.lines = append(l.lines, "pkg "+l.name+", "+fmt.Sprintf(format, args...))
}

// qualify names packages as a reader does, and those of this one not at all.
func (l *lister) qualify(p *types.Package) string {
	if p == l.pkg && l.name != vocabulary {
		return ""
	}
	return strings.TrimPrefix(p.Path(), module)
}

func (l *lister) typeOf(t types.Type) string { return types.TypeString(t, l.qualify) }

func (l *lister) object(o types.Object) {
	switch o := o.(type) {
	case *types.Const:
		l.add("const %s = %s", o.Name(), l.constant(o))
	case *types.Var:
		l.add("var %s %s", o.Name(), l.typeOf(o.Type()))
	case *types.Func:
		l.add("func %s%s", o.Name(), l.signature(o))
	case *types.TypeName:
		l.named(o)
	}
}

func (l *lister) constant(o *types.Const) string {
	if b, ok := o.Type().(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		return o.Val().ExactString()
	}
	return l.typeOf(o.Type()) + "(" + o.Val().ExactString() + ")"
}

// signature leaves the names of parameters out: nobody depends on them.
func (l *lister) signature(f *types.Func) string {
	sig := f.Signature()
	unnamed := func(t *types.Tuple) *types.Tuple {
		var vars []*types.Var
		for v := range t.Variables() {
			vars = append(vars, types.NewParam(token.NoPos, nil, "", v.Type()))
		}
		return types.NewTuple(vars...)
	}
	params := slices.Collect(sig.TypeParams().TypeParams())
	plain := types.NewSignatureType(nil, nil, nil, unnamed(sig.Params()), unnamed(sig.Results()), sig.Variadic())
	text := strings.TrimPrefix(l.typeOf(plain), "func")
	if len(params) > 0 {
		text = l.typeParams(params) + text
	}
	return text
}

func (l *lister) typeParams(params []*types.TypeParam) string {
	var all []string
	for _, p := range params {
		all = append(all, p.Obj().Name()+" "+l.typeOf(p.Constraint()))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func (l *lister) named(o *types.TypeName) {
	name, t := o.Name(), o.Type()
	if o.IsAlias() {
		l.add("type %s = %s", name, l.typeOf(types.Unalias(t)))
		return
	}
	if n, ok := t.(*types.Named); ok && n.TypeParams().Len() > 0 {
		name += l.typeParams(slices.Collect(n.TypeParams().TypeParams()))
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		l.fields(name, u)
	case *types.Interface:
		l.add("type %s interface%s", name, closed(u))
		for m := range u.Methods() {
			if m.Exported() {
				l.add("type %s interface, %s%s", name, m.Name(), l.signature(m))
			}
		}
		return
	default:
		l.add("type %s %s", name, l.typeOf(u))
	}
	l.methods(name, t)
}

// closed says that others cannot implement an interface.
func closed(u *types.Interface) string {
	for m := range u.Methods() {
		if !m.Exported() {
			return ", not for others to implement"
		}
	}
	return ""
}

func (l *lister) fields(name string, u *types.Struct) {
	how := ""
	if !types.Comparable(u) {
		how = ", not comparable"
	}
	l.add("type %s struct%s", name, how)
	for f := range u.Fields() {
		switch {
		case !f.Exported():
		case f.Embedded():
			l.add("type %s struct, embeds %s", name, l.typeOf(f.Type()))
		default:
			l.add("type %s struct, %s %s", name, f.Name(), l.typeOf(f.Type()))
		}
	}
}

// methods lists those of a type and of pointers to it, promoted ones included.
func (l *lister) methods(name string, t types.Type) {
	byValue := types.NewMethodSet(t)
	var all []*types.Selection
	for s := range types.NewMethodSet(types.NewPointer(t)).Methods() {
		if s.Obj().Exported() {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b *types.Selection) int { return cmp.Compare(a.Obj().Name(), b.Obj().Name()) })
	for _, s := range all {
		receiver := "*" + name
		if byValue.Lookup(s.Obj().Pkg(), s.Obj().Name()) != nil {
			receiver = name
		}
		l.add("method (%s) %s%s", receiver, s.Obj().Name(), l.signature(s.Obj().(*types.Func)))
	}
}
