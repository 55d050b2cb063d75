// SPDX-License-Identifier: Apache-2.0

// A Go process with servers, clients and database pools whose connections the tests drive, and
// which keeps its own account of them: net/http's ConnState hook, httptrace, and sql.DB.Stats.
//
// It takes one command per line on standard input and answers each with one line of JSON; it
// ends when standard input does. All traffic is on loopback, and inside the process.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

type reply map[string]interface{}

var commands = map[string]func([]int) (reply, error){
	"pool":     pool,
	"serve":    serve,
	"hold":     hold,
	"release":  release,
	"close":    closeAll,
	"server":   serverAccount,
	"client":   clientAccount,
	"http2":    http2,
	"sql":      sqlPool,
	"stats":    sqlStats,
	"limits":   sqlLimits,
	"cancel":   cancelled,
	"refused":  refused,
	"steal":    steal,
	"servers":  servers,
	"collect":  collect,
	"keep":     keep,
	"port":     port,
	"dial":     dial,
	"requests": requests,
}

func run(line string) (reply, error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil, fmt.Errorf("empty command")
	}
	command, known := commands[words[0]]
	if !known {
		return nil, fmt.Errorf("no command %q", words[0])
	}
	var numbers []int
	for _, word := range words[1:] {
		number, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, number)
	}
	return command(numbers)
}

func main() {
	out := json.NewEncoder(os.Stdout)
	out.Encode(reply{"go": runtime.Version(), "pid": os.Getpid()})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer, err := run(lines.Text())
		if err != nil {
			answer = reply{"error": err.Error()}
		}
		out.Encode(answer)
	}
}
