// SPDX-License-Identifier: Apache-2.0

// Prints the layout of every struct type of some Go packages, and the type of every
// global variable, as JSON. It knows nothing of which of them are wanted: that list
// is in scripts/go-offsets, so that the answer can be kept and asked again when the
// list grows.
//
//	go-offsets.d source amd64 <LIST   LIST: what `go list -deps -json` prints
//	go-offsets.d binary FILE
package main

import (
	"encoding/json"
	"fmt"
	"os"
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

func main() {
	var found *layout
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "source":
		found, err = fromSource(os.Stdin, os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "binary":
		found, err = fromBinary(os.Args[2])
	default:
		fmt.Fprintln(os.Stderr, "usage: go-offsets.d source ARCH <LIST | binary FILE")
		os.Exit(2)
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(found)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
