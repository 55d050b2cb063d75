// SPDX-License-Identifier: Apache-2.0

// A Go process whose garbage collector the tests drive, and which keeps its own account.
//
// It takes one command per line on standard input and answers each with one line of JSON, so it
// works in any network, PID or mount namespace; it ends when standard input does, so a test that
// dies leaves nothing running. Its account is taken without stopping the world (runtime/debug and
// runtime/metrics): a measurement that stops the world would show up in what is being measured.
// What does stop the world is only done on command, and counted.
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

// Set with -ldflags=-X: makes binaries that differ.
var variant = "0"

// What each command of the test may take at most.
const commandDeadline = 60 * time.Second

var (
	ballast []byte
	kept    [64][]byte
	parked  []chan struct{}
	busy    struct {
		stop chan struct{}
		done sync.WaitGroup
	}
	allocated uint64
)

type reply map[string]interface{}

var scalars = []string{
	"/gc/cycles/automatic:gc-cycles",
	"/gc/cycles/forced:gc-cycles",
	"/gc/cycles/total:gc-cycles",
	"/gc/gogc:percent",
	"/gc/gomemlimit:bytes",
	"/gc/heap/goal:bytes",
	"/gc/heap/live:bytes",
	"/sched/goroutines:goroutines",
	"/cpu/classes/gc/mark/assist:cpu-seconds",
	"/cpu/classes/gc/mark/dedicated:cpu-seconds",
	"/cpu/classes/gc/mark/idle:cpu-seconds",
	"/cpu/classes/gc/pause:cpu-seconds",
	"/cpu/classes/total:cpu-seconds",
}

func readScalars() reply {
	samples := make([]metrics.Sample, len(scalars))
	for i, name := range scalars {
		samples[i].Name = name
	}
	metrics.Read(samples)
	values := reply{}
	for _, sample := range samples {
		switch sample.Value.Kind() {
		case metrics.KindUint64:
			values[sample.Name] = sample.Value.Uint64()
		case metrics.KindFloat64:
			values[sample.Name] = sample.Value.Float64()
		}
	}
	return values
}

func cycles() uint64 {
	sample := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// The runtime's own account; nothing in here stops the world.
func account() reply {
	var stats debug.GCStats
	debug.ReadGCStats(&stats)
	values := readScalars()
	return reply{
		"num_gc":         stats.NumGC,
		"num_forced_gc":  values["/gc/cycles/forced:gc-cycles"],
		"pause_total_ns": stats.PauseTotal.Nanoseconds(),
		"num_goroutine":  runtime.NumGoroutine(),
		"metrics":        values,
	}
}

// The same from ReadMemStats, which is itself a stop of the world.
func memstats() reply {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return reply{
		"num_gc":         stats.NumGC,
		"num_forced_gc":  stats.NumForcedGC,
		"pause_total_ns": stats.PauseTotalNs,
		"next_gc":        stats.NextGC,
		"heap_alloc":     stats.HeapAlloc,
	}
}

func allocate(bytes int) {
	for bytes > 0 {
		chunk := make([]byte, 8<<10)
		kept[atomic.AddUint64(&allocated, 1)%uint64(len(kept))] = chunk
		bytes -= len(chunk)
	}
}

// Allocates from several goroutines until the heap has triggered n more cycles, then lets the
// last one finish.
func load(n uint64) (reply, error) {
	target := cycles() + n
	deadline := time.Now().Add(commandDeadline)
	var group sync.WaitGroup
	for worker := 0; worker < 4; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for cycles() < target && time.Now().Before(deadline) {
				allocate(256 << 10)
			}
		}()
	}
	group.Wait()
	if cycles() < target {
		return nil, fmt.Errorf("only %d of %d cycles in %v", n-(target-cycles()), n, commandDeadline)
	}
	// A forced collection begins only when the one before has ended, sweep included.
	runtime.GC()
	return reply{}, nil
}

func busyStart() {
	busy.stop = make(chan struct{})
	for worker := 0; worker < 2; worker++ {
		busy.done.Add(1)
		go func(stop <-chan struct{}) {
			defer busy.done.Done()
			for {
				select {
				case <-stop:
					return
				default:
					allocate(256 << 10)
					time.Sleep(200 * time.Microsecond)
				}
			}
		}(busy.stop)
	}
}

func busyStop() {
	if busy.stop != nil {
		close(busy.stop)
		busy.done.Wait()
		busy.stop = nil
		runtime.GC()
	}
}

// Stops the world n times for a reason that is not the collector.
func stops(reason string, n int) error {
	for i := 0; i < n; i++ {
		switch reason {
		case "read_mem_stats":
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
		case "gomaxprocs":
			// Only a change stops the world.
			procs := runtime.GOMAXPROCS(0)
			runtime.GOMAXPROCS(procs%2 + 1)
		case "goroutine_profile":
			records := make([]runtime.StackRecord, runtime.NumGoroutine()+64)
			if _, ok := runtime.GoroutineProfile(records); !ok {
				return fmt.Errorf("goroutine profile did not fit")
			}
		case "all_goroutines_stack_trace":
			runtime.Stack(make([]byte, 1<<16), true)
		default:
			return fmt.Errorf("no such reason: %s", reason)
		}
	}
	return nil
}

func park(n int) {
	for len(parked) < n {
		c := make(chan struct{})
		parked = append(parked, c)
		go func() { <-c }()
	}
	for len(parked) > n {
		close(parked[len(parked)-1])
		parked = parked[:len(parked)-1]
	}
	// The count is right only when those that were released have gone.
	runtime.Gosched()
}

func execute(command string, argument string, number int) (reply, error) {
	switch command {
	case "ping":
		return reply{"variant": variant, "native": native()}, nil
	case "account":
		return account(), nil
	case "memstats":
		return memstats(), nil
	case "load":
		return load(uint64(number))
	case "force":
		for i := 0; i < number; i++ {
			runtime.GC()
		}
		return reply{}, nil
	case "busy":
		busyStop()
		if argument == "on" {
			busyStart()
		}
		return reply{}, nil
	case "gc_percent":
		return reply{"before": debug.SetGCPercent(number)}, nil
	case "memory_limit":
		before, err := setMemoryLimit(int64(number))
		return reply{"before": before}, err
	case "goroutines":
		park(number)
		return reply{"num_goroutine": runtime.NumGoroutine()}, nil
	case "ballast":
		ballast = make([]byte, number)
		runtime.GC()
		return reply{}, nil
	}
	return nil, fmt.Errorf("no such command: %s", command)
}

func answer(line string) reply {
	fields := append(strings.Fields(line), "", "", "")
	number, err := strconv.Atoi(fields[1])
	if err != nil {
		number = 1
	}
	if fields[0] == "stops" {
		count, err := strconv.Atoi(fields[2])
		if err != nil {
			count = 1
		}
		err = stops(fields[1], count)
		if err != nil {
			return reply{"error": err.Error()}
		}
		return reply{}
	}
	result, err := execute(fields[0], fields[1], number)
	if err != nil {
		return reply{"error": err.Error()}
	}
	return result
}

func main() {
	out := json.NewEncoder(os.Stdout)
	out.Encode(reply{"ready": true, "pid": os.Getpid(), "go": runtime.Version()})
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		out.Encode(answer(in.Text()))
	}
}
