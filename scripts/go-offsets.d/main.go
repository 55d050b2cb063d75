// SPDX-License-Identifier: Apache-2.0

// Prints the layout of every named struct type, and the type of every global
// variable, in the DWARF of one Go binary, as JSON. It knows nothing of which
// of them are wanted: that list is in scripts/go-offsets, so that the answer for
// one binary can be kept and asked again when the list grows.
package main

import (
	"debug/dwarf"
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type member struct {
	Name   string `json:"name"`
	Offset int64  `json:"offset"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
}

type structure struct {
	Size    int64    `json:"size"`
	Members []member `json:"members"`
}

type layout struct {
	Version   string               `json:"version"`
	Machine   string               `json:"machine"`
	Structs   map[string]structure `json:"structs"`
	Variables map[string]string    `json:"variables"`
}

func underlying(t dwarf.Type) dwarf.Type {
	for {
		named, ok := t.(*dwarf.TypedefType)
		if !ok {
			return t
		}
		t = named.Type
	}
}

func typeName(t dwarf.Type) string {
	if s, ok := underlying(t).(*dwarf.StructType); ok {
		return s.StructName
	}
	return t.String()
}

func read(path string) (*layout, error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := file.DWARF()
	if err != nil {
		return nil, err
	}
	out := &layout{
		Machine:   strings.TrimPrefix(file.Machine.String(), "EM_"),
		Structs:   map[string]structure{},
		Variables: map[string]string{},
	}
	reader := data.Reader()
	for {
		entry, err := reader.Next()
		if err != nil {
			return nil, err
		}
		if entry == nil {
			return out, nil
		}
		switch entry.Tag {
		case dwarf.TagCompileUnit:
			if name, _ := entry.Val(dwarf.AttrName).(string); name == "runtime" {
				producer, _ := entry.Val(dwarf.AttrProducer).(string)
				out.Version = producer
			}
		case dwarf.TagVariable:
			name, _ := entry.Val(dwarf.AttrName).(string)
			offset, ok := entry.Val(dwarf.AttrType).(dwarf.Offset)
			if !ok || !strings.Contains(name, ".") {
				continue
			}
			t, err := data.Type(offset)
			if err != nil {
				return nil, err
			}
			out.Variables[name] = typeName(t)
		case dwarf.TagStructType:
			t, err := data.Type(entry.Offset)
			if err != nil {
				return nil, err
			}
			s, ok := t.(*dwarf.StructType)
			if !ok || s.Kind != "struct" {
				continue
			}
			made := structure{Size: s.ByteSize, Members: []member{}}
			for _, f := range s.Field {
				made.Members = append(made.Members,
					member{f.Name, f.ByteOffset, typeName(f.Type), f.Type.Size()})
			}
			out.Structs[s.StructName] = made
		default:
			if entry.Tag == dwarf.TagSubprogram {
				reader.SkipChildren()
			}
		}
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go-offsets.d BINARY")
		os.Exit(2)
	}
	found, err := read(os.Args[1])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(found)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
