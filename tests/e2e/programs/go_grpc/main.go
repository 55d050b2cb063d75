// SPDX-License-Identifier: Apache-2.0

// A gRPC server with 217 methods and its client, both of which keep their own account of every
// call: in interceptors, as everybody does who has metrics of them. There is no generated code, so
// that one program builds with every version of grpc-go. Commands are lines on standard input,
// answers are lines of JSON.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
)

// account counts calls by method and code.
type account struct {
	mutex   sync.Mutex
	counts  map[string]int64
	seconds map[string]float64
	pause   time.Duration // stops of the collector inside calls
	paused  int64         // calls that met one
}

func newAccount() *account {
	return &account{counts: map[string]int64{}, seconds: map[string]float64{}}
}

func (a *account) add(key string, duration time.Duration) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.counts[key]++
	a.seconds[key] += duration.Seconds()
}

func (a *account) addSeconds(duration time.Duration) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.seconds["all"] += duration.Seconds()
}

func (a *account) addPause(pause time.Duration) {
	if pause == 0 {
		return
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.pause += pause
	a.paused++
}

func (a *account) answer() map[string]interface{} {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	counts, seconds := map[string]int64{}, map[string]float64{}
	for key, count := range a.counts {
		counts[key] = count
	}
	for key, sum := range a.seconds {
		seconds[key] = sum
	}
	return map[string]interface{}{"counts": counts, "seconds": seconds,
		"pause_seconds": a.pause.Seconds(), "paused": a.paused}
}

// pauseTotal is how long the collector has stopped the program so far, as it says itself.
func pauseTotal() time.Duration {
	var stats debug.GCStats
	debug.ReadGCStats(&stats)
	return stats.PauseTotal
}

func main() {
	answer := json.NewEncoder(os.Stdout)
	answer.Encode(map[string]interface{}{"go": runtime.Version()})
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		words := strings.Fields(commands.Text())
		number := func(at int) int {
			n, err := strconv.Atoi(words[at])
			if err != nil {
				panic(err)
			}
			return n
		}
		var out interface{}
		var err error
		switch words[0] {
		case "serve": // gc|plain|bare
			out, err = serve(words[1])
		case "served":
			out = served.answer()
		case "drive": // address calls workers garbage
			out, err = drive(words[1], number(2), number(3), number(4))
		case "streams": // address of-each-kind
			out, err = streams(words[1], number(2))
		case "load": // address milliseconds workers
			out, err = load(words[1], time.Duration(number(2))*time.Millisecond, number(3))
		case "odd": // address
			out, err = odd(words[1])
		case "fail": // address calls
			out, err = fail(words[1], number(2))
		case "hold": // address streams
			out, err = hold(words[1], number(2))
		case "gogc":
			out = map[string]int{"was": debug.SetGCPercent(number(1))}
		default:
			err = fmt.Errorf("unknown command %q", words[0])
		}
		if err != nil {
			out = map[string]string{"error": err.Error()}
		}
		answer.Encode(out)
	}
}
