// SPDX-License-Identifier: Apache-2.0

// A program that fails on command, and keeps its own account of what it did: one
// command a line on standard input, one JSON object a line as the answer.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// What was made, as Go itself names it.
type seen struct {
	Type string `json:"type"`
	Root string `json:"root"`
	N    int    `json:"n"`
}

// root is the end of an error's chain: of several wrapped errors the first is followed. No further
// than eight errors, and a nil ends it.
func root(err error) error {
	for i := 1; i < 8; i++ {
		var next error
		switch wrapper := err.(type) {
		case interface{ Unwrap() error }:
			next = wrapper.Unwrap()
		case interface{ Unwrap() []error }:
			if all := wrapper.Unwrap(); len(all) > 0 {
				next = all[0]
			}
		}
		if next == nil {
			break
		}
		err = next
	}
	return err
}

// panicWith panics and recovers.
func panicWith(value any) {
	defer func() { _ = recover() }()
	panic(value)
}

// counter adds up what is alike.
type counter map[[2]string]int

func (c counter) add(value any) {
	name := fmt.Sprintf("%T", value)
	rootName := name
	if err, is := value.(error); is {
		rootName = fmt.Sprintf("%T", root(err))
	}
	c[[2]string{name, rootName}]++
}

func (c counter) list() []seen {
	var all []seen
	for key, n := range c {
		all = append(all, seen{key[0], key[1], n})
	}
	return all
}

// panics makes n of several kinds, the runtime's own among them.
func panics(n int) []seen {
	counts := counter{}
	var none *struct{ field int }
	kinds := []func(){
		func() { panic("text") },
		func() { panic(&pointerError{"p"}) },
		func() { panic(valueError{"v", 1}) },
		func() { fmt.Fprintln(os.Stderr, none.field) },
		func() { index := n + 10; fmt.Fprintln(os.Stderr, make([]int, 1)[index]) },
		func() { var a any = 1; fmt.Fprintln(os.Stderr, a.(string)) },
		func() { panic(fmt.Errorf("wrapped: %w", &pointerError{"p"})) },
		func() { panic(42) },
	}
	for i := 0; i < n; i++ {
		func() {
			defer func() { counts.add(recover()) }()
			kinds[i%len(kinds)]()
		}()
	}
	return counts.list()
}

// chains panics with n errors of all kinds, wrapped 0 to 5 deep.
func chains(n int) []seen {
	counts := counter{}
	makers := errorMakers()
	wrappers := errorWrappers()
	for i := 0; i < n; i++ {
		err := makers[i%len(makers)]()
		for depth := 0; depth < i/len(makers)%6; depth++ {
			err = wrappers[(i/7+depth)%len(wrappers)](err)
		}
		counts.add(err)
		panicWith(err)
	}
	return counts.list()
}

var hogged [][]byte

// hog takes memory and keeps it.
func hog(n int) {
	block := make([]byte, n)
	for i := 0; i < n; i += 4096 {
		block[i] = 1
	}
	hogged = append(hogged, block)
}

// die ends the program.
func die(how string) {
	var none *struct{ field int }
	switch how {
	case "panic_text":
		panic("text")
	case "panic_error":
		panic(fmt.Errorf("wrapped: %w", &pointerError{"p"}))
	case "panic_value":
		panic(valueError{"v", 1})
	case "nil":
		fmt.Println(none.field)
	case "goroutine":
		go panic(&pointerError{"p"})
		select {}
	case "unlock":
		var mutex sync.Mutex
		mutex.Unlock()
	case "map":
		shared := map[int]int{}
		for i := 0; i < 4; i++ {
			go func() {
				for {
					shared[1]++
				}
			}()
		}
		select {}
	default:
		code, err := strconv.Atoi(how)
		if err != nil {
			return
		}
		os.Exit(code)
	}
}

func main() {
	answer := json.NewEncoder(os.Stdout)
	_ = answer.Encode(map[string]any{"go": runtime.Version()})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		n := 0
		if len(words) > 1 {
			n, _ = strconv.Atoi(words[1])
		}
		switch {
		case len(words) == 2 && words[0] == "panics":
			_ = answer.Encode(map[string]any{"seen": panics(n)})
		case len(words) == 2 && words[0] == "chains":
			_ = answer.Encode(map[string]any{"seen": chains(n)})
		case len(words) == 2 && words[0] == "hog":
			hog(n)
			_ = answer.Encode(map[string]any{})
		case len(words) == 2 && words[0] == "die":
			die(words[1])
		default:
			_ = answer.Encode(map[string]any{"error": "unknown command"})
		}
	}
}
