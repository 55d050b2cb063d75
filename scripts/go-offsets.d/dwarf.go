// SPDX-License-Identifier: Apache-2.0

package main

// The layouts that the DWARF of a built binary states. Only what the linker kept is
// there, and a build takes a minute: this is what the layouts out of the source are
// held against.

import (
	"debug/dwarf"
	"debug/elf"
	"strings"
)

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

func fromBinary(path string) (*layout, error) {
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
