// SPDX-License-Identifier: Apache-2.0

package main

// The layouts that the compiler would choose, computed from source by the type checker of
// Go's own library with the compiler's own size rules. That takes seconds where a build
// takes a minute, and knows every struct, not only those that the linker kept.

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"path/filepath"
)

type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	ImportMap  map[string]string
}

// checker checks packages in the order of `go list -deps`: imports come first.
type checker struct {
	files   *token.FileSet
	sizes   types.Sizes
	checked map[string]*types.Package
	names   map[string]string // ImportMap of the package that is being checked
}

func (c *checker) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if mapped, ok := c.names[path]; ok {
		path = mapped
	}
	if found := c.checked[path]; found != nil {
		return found, nil
	}
	return nil, fmt.Errorf("%s is not in the list", path)
}

func (c *checker) check(p *listed) error {
	var syntax []*ast.File
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(c.files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		syntax = append(syntax, file)
	}
	c.names = p.ImportMap
	config := types.Config{
		Importer:         c,
		Sizes:            c.sizes,
		IgnoreFuncBodies: true,
		// Imports that only bodies use, and linknamed variables: no matter for layouts. A
		// struct with a type that could not be resolved is left out below.
		Error: func(error) {},
	}
	checked, err := config.Check(p.ImportPath, c.files, syntax, nil)
	if checked == nil {
		return err
	}
	checked.MarkComplete()
	c.checked[p.ImportPath] = checked
	return nil
}

func name(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Path() })
}

// sound says that a type's size can be known: nothing in it is unresolved or a type parameter.
func sound(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return t.Kind() != types.Invalid
	case *types.TypeParam:
		return false
	case *types.Array:
		return sound(t.Elem())
	case *types.Struct:
		for i := 0; i < t.NumFields(); i++ {
			if !sound(t.Field(i).Type()) {
				return false
			}
		}
		return true
	case *types.Named:
		if t.TypeParams().Len() != t.TypeArgs().Len() {
			return false
		}
		return sound(t.Underlying())
	}
	return true
}

func (c *checker) add(out *layout, called string, t types.Type) {
	s, ok := t.Underlying().(*types.Struct)
	if !ok || !sound(t) {
		return
	}
	if _, known := out.Structs[called]; known {
		return
	}
	fields := make([]*types.Var, s.NumFields())
	for i := range fields {
		fields[i] = s.Field(i)
	}
	made := structure{Size: c.sizes.Sizeof(s), Members: []member{}}
	out.Structs[called] = made
	for i, at := range c.sizes.Offsetsof(fields) {
		t := types.Unalias(fields[i].Type())
		made.Members = append(made.Members, member{fields[i].Name(), at, name(t), c.sizes.Sizeof(t)})
		// A struct without a name, or an instance of a generic one, is found here only.
		c.add(out, name(t), t)
	}
	out.Structs[called] = made
}

func fromSource(list io.Reader, arch string) (*layout, error) {
	c := checker{files: token.NewFileSet(), sizes: types.SizesFor("gc", arch), checked: map[string]*types.Package{}}
	if c.sizes == nil {
		return nil, fmt.Errorf("unknown architecture %s", arch)
	}
	out := &layout{Machine: arch, Structs: map[string]structure{}, Variables: map[string]string{}}
	decoder := json.NewDecoder(list)
	for {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		if p.ImportPath == "unsafe" {
			continue
		}
		if err := c.check(&p); err != nil {
			return nil, fmt.Errorf("%s: %w", p.ImportPath, err)
		}
		scope := c.checked[p.ImportPath].Scope()
		for _, each := range scope.Names() {
			switch object := scope.Lookup(each).(type) {
			case *types.TypeName:
				if !object.IsAlias() {
					c.add(out, name(object.Type()), object.Type())
				}
			case *types.Var:
				t := types.Unalias(object.Type())
				out.Variables[p.ImportPath+"."+each] = name(t)
				c.add(out, name(t), t)
			}
		}
	}
}
