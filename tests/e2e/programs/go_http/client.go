// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"
)

var quiet = log.New(io.Discard, "", 0)

// One kind of request; its weight is how often it is made.
type kind struct {
	method string
	path   string // with %d for a number
	code   int
	weight int
}

var kinds = []kind{
	{"GET", "/items/%d", 0, 40},
	{"GET", "/items/%d", 404, 10},
	{"POST", "/items/%d", 201, 12},
	{"POST", "/items/%d", 400, 5},
	{"DELETE", "/items/%d", 204, 6},
	{"GET", "/users/%d/orders/77", 0, 10},
	{"PUT", "/users/%d/orders/77", 500, 5},
	{"GET", "/health", 0, 8},
	{"HEAD", "/health", 503, 2},
	{"GET", "/nowhere/page", -1, 2}, // no such route
}

func pick(random *rand.Rand) kind {
	at := random.Intn(100)
	for _, k := range kinds {
		if at -= k.weight; at < 0 {
			return k
		}
	}
	panic("weights do not sum up to 100")
}

// drive makes requests and counts them by method, path and status, as the client sees them. The
// durations are those of RoundTrip: until the answer's header is there. Each request makes the
// server throw away so many bytes.
func drive(scheme, address string, requests, workers, garbage int) (interface{}, error) {
	transport := ways[scheme](workers)
	defer transport.CloseIdleConnections()
	made := newAccount()
	err := together(requests, workers, func(_ int, random *rand.Rand) error {
		return one(transport, made, scheme, address, pick(random), random, garbage)
	})
	if err != nil {
		return nil, err
	}
	return made.answer(), nil
}

func one(transport transport, made *account, scheme, address string, k kind, random *rand.Rand, garbage int) error {
	path := strings.Replace(k.path, "%d", fmt.Sprint(1+random.Intn(1000000)), 1)
	code := k.code
	expected := code
	switch code {
	case 0:
		expected = 200
	case -1:
		expected, code = 404, 0
	}
	key := fmt.Sprintf("%s %s %d", k.method, k.path, expected)
	query := url.Values{"key": {key}, "code": {fmt.Sprint(code)}, "us": {fmt.Sprint(5000 + random.Intn(5000))}, "garbage": {fmt.Sprint(garbage)}}
	request, err := http.NewRequest(k.method, serverURL(scheme, address)+path+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	begun := time.Now()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	made.add(key, time.Since(begun))
	if response.StatusCode != expected {
		return fmt.Errorf("%s: status %d", key, response.StatusCode)
	}
	io.Copy(io.Discard, response.Body)
	return response.Body.Close()
}

// load makes requests for so long, one after the other by each worker; the answer says how many.
func load(scheme, address string, duration time.Duration, workers int) (interface{}, error) {
	transport := ways[scheme](workers)
	defer transport.CloseIdleConnections()
	counts, failed := make([]int, workers), make(chan error, workers)
	end := time.Now().Add(duration)
	var group sync.WaitGroup
	for worker := range counts {
		group.Add(1)
		go func(count *int) {
			defer group.Done()
			for time.Now().Before(end) {
				request, err := http.NewRequest("GET", serverURL(scheme, address)+"/items/1", nil)
				if err != nil {
					failed <- err
					return
				}
				response, err := transport.RoundTrip(request)
				if err != nil {
					failed <- err
					return
				}
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
				*count++
			}
		}(&counts[worker])
	}
	group.Wait()
	select {
	case err := <-failed:
		return nil, err
	default:
	}
	total := 0
	for _, count := range counts {
		total += count
	}
	return map[string]int{"requests": total}, nil
}

// die makes requests whose goroutines end in the middle of them: none is answered.
func die(address string, requests, workers int) (interface{}, error) {
	answered := make(chan int, workers)
	for worker := 0; worker < workers; worker++ {
		go func(worker int) {
			client, count := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, 0
			for i := worker; i < requests; i += workers {
				response, err := client.Post("http://"+address+"/health?key=exit&then=exit", "", nil)
				if err == nil {
					response.Body.Close()
					count++
				}
			}
			answered <- count
		}(worker)
	}
	total := 0
	for worker := 0; worker < workers; worker++ {
		total += <-answered
	}
	return map[string]int{"answered": total}, nil
}

// odd makes the requests that do not end as usual; the answer says how many of each.
func odd(address string) (interface{}, error) {
	const each = 20
	client := &http.Client{Transport: &http.Transport{}}
	for i := 0; i < each; i++ {
		for _, then := range []string{"panic", "abort", "hijack", "stream"} {
			response, err := client.Get("http://" + address + "/health?key=" + then + "&then=" + then)
			if err == nil {
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		}
		// Given up when it is on its way: earlier, and the server would never hear of it.
		ctx, cancel := context.WithCancel(context.Background())
		sent := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
			time.AfterFunc(20*time.Millisecond, cancel)
		}}
		request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, sent), "GET", "http://"+address+"/health?key=wait&then=wait", nil)
		if err != nil {
			cancel()
			return nil, err
		}
		if _, err := client.Do(request); err == nil {
			cancel()
			return nil, fmt.Errorf("a request that waits was answered")
		}
		cancel()
		// Nobody listens on port 1.
		if _, err := client.Get("http://127.0.0.1:1/"); err == nil {
			return nil, fmt.Errorf("port 1 answers")
		}
	}
	return map[string]int{"each": each}, nil
}
