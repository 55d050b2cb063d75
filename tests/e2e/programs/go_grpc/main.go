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
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// account counts calls by method and code.
type account struct {
	mutex   sync.Mutex
	counts  map[string]int64
	seconds map[string]float64
	handled float64 // seconds that handlers took
	pause   float64 // stops of the collector inside calls
	paused  int64   // calls that met one
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

// addHandled adds what a handler took, addServed the whole call.
func (a *account) addHandled(duration time.Duration) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.handled += duration.Seconds()
}

func (a *account) addServed(duration time.Duration) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.seconds["all"] += duration.Seconds()
}

// addStops adds what happened since stops() gave these.
func (a *account) addStops(count uint64, seconds float64) {
	countNow, secondsNow := stops()
	if countNow == count {
		return
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.pause += secondsNow - seconds
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
	return map[string]interface{}{"counts": counts, "seconds": seconds, "handled": a.handled,
		"pause_seconds": a.pause, "paused": a.paused}
}

// stops reads how often the collector has stopped the program so far and for how long, as the runtime
// says at the end of each stop. It keeps a histogram: the length of a stop is that of the middle of its
// bucket. What all stops together took, to the nanosecond, is known too, but only when a cycle has ended.
func stops() (count uint64, seconds float64) {
	sample := []metrics.Sample{{Name: "/gc/pauses:seconds"}}
	metrics.Read(sample)
	histogram := sample[0].Value.Float64Histogram()
	for i, n := range histogram.Counts {
		if n > 0 {
			count += n
			seconds += float64(n) * (histogram.Buckets[i] + histogram.Buckets[i+1]) / 2
		}
	}
	return count, seconds
}

// pauseSeconds is what all stops together took, and the same by the histogram.
func pauseSeconds() map[string]float64 {
	var stats debug.GCStats
	debug.ReadGCStats(&stats)
	_, rough := stops()
	return map[string]float64{"exact": stats.PauseTotal.Seconds(), "rough": rough}
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
		case "serve": // gc|plain|bare|tap|handler
			out, err = serve(words[1])
		case "served":
			out = served.answer()
		case "drive": // address calls workers garbage
			out, err = drive(words[1], number(2), number(3), number(4))
		case "trace": // address calls workers headers
			out, err = trace(words[1], number(2), number(3), words[4])
		case "streams": // address of-each-kind
			out, err = streams(words[1], number(2))
		case "load": // address milliseconds workers
			out, err = load(words[1], time.Duration(number(2))*time.Millisecond, number(3))
		case "odd": // address
			out, err = odd(words[1])
		case "fail": // address calls
			out, err = fail(words[1], number(2))
		case "retry": // address calls-of-each-kind
			out, err = retry(words[1], number(2))
		case "hang": // address calls-of-each-kind
			out, err = hang(words[1], number(2))
		case "reset":
			out, err = reset()
		case "reject": // address calls
			out, err = rejected(words[1], number(2))
		case "waiting":
			out = map[string]int32{"calls": atomic.LoadInt32(&waiters)}
		case "stop":
			running.Stop()
			out = map[string]string{}
		case "hold": // address streams
			out, err = hold(words[1], number(2))
		case "die": // address calls workers
			out, err = die(words[1], number(2), number(3))
		case "pauses":
			out = pauseSeconds()
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
