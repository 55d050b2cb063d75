// SPDX-License-Identifier: Apache-2.0

// A web server whose requests go through a router: which one, a build tag says. It counts what it has
// served by the pattern that the router itself gives its handlers. Commands are lines on standard
// input, answers are lines of JSON.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
)

// A name that does not fit into a short event.
const long = "/things-that-somebody-collects-and-gives-a-rather-long-name"

// account counts requests by method, pattern and status.
type account struct {
	mutex  sync.Mutex
	counts map[string]int64
}

var served = account{counts: map[string]int64{}}

func (a *account) add(method, pattern, status string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.counts[method+" "+pattern+" "+status]++
}

func (a *account) answer() map[string]interface{} {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	counts := map[string]int64{}
	for key, count := range a.counts {
		counts[key] = count
	}
	return map[string]interface{}{"counts": counts}
}

// asked is what the request's query says: the status, and whether to panic.
func asked(r *http.Request) (code int, panics bool) {
	query := r.URL.Query()
	if query.Get("then") == "panic" {
		return 0, true
	}
	if code, err := strconv.Atoi(query.Get("code")); err == nil && code != 0 {
		return code, false
	}
	return http.StatusOK, false
}

// handle answers as asked, and counts that under the router's pattern.
func handle(w http.ResponseWriter, r *http.Request, pattern string) {
	code, panics := asked(r)
	if panics {
		served.add(r.Method, pattern, "panic")
		panic("as asked")
	}
	served.add(r.Method, pattern, strconv.Itoa(code))
	w.WriteHeader(code)
	if code != http.StatusNoContent {
		io.WriteString(w, "done\n")
	}
}

// missed counts what the router has no route for: the path is one that has no identifiers in it.
func missed(w http.ResponseWriter, r *http.Request) {
	served.add(r.Method, r.URL.Path, "404")
	w.WriteHeader(http.StatusNotFound)
}

func serve() (interface{}, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: router(), ErrorLog: log.New(io.Discard, "", 0)}
	go server.Serve(listener)
	return map[string]string{"http": listener.Addr().String()}, nil
}

func main() {
	answer := json.NewEncoder(os.Stdout)
	answer.Encode(map[string]interface{}{"go": runtime.Version()})
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		var out interface{}
		var err error
		switch commands.Text() {
		case "serve":
			out, err = serve()
		case "served":
			out = served.answer()
		default:
			err = fmt.Errorf("unknown command %q", commands.Text())
		}
		if err != nil {
			out = map[string]string{"error": err.Error()}
		}
		answer.Encode(out)
	}
}
