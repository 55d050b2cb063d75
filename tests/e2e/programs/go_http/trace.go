// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// One request as its client knows it.
type traced struct {
	Trace   string  `json:"trace"` // the header that was sent; empty: none
	ID      string  `json:"id"`
	Key     string  `json:"key"`
	Least   float64 `json:"least"` // seconds that the handler sleeps
	Seconds float64 `json:"seconds"`
}

// How long handlers are to sleep at least, in microseconds: one value for each of some buckets.
var sleeps = []int{500, 6000, 15000, 30000, 60000}

const spread = 4000 // so that they do not all end at once

func randomHex(bytes int) string {
	random := make([]byte, bytes)
	if _, err := rand.Read(random); err != nil {
		panic(err)
	}
	return fmt.Sprintf("%x", random)
}

// identify gives a request the headers that are asked for: `trace`, `id`, both, or none; with `many`
// others beside them.
func identify(request *http.Request, headers string, made *traced) {
	if strings.Contains(headers, "many") {
		for i := 0; i < 40; i++ {
			request.Header.Set(fmt.Sprintf("X-Other-%d", i), randomHex(16))
		}
	}
	if strings.Contains(headers, "id") {
		made.ID = "request-" + randomHex(12)
		request.Header.Set("X-Request-Id", made.ID)
	}
	if strings.Contains(headers, "trace") {
		made.Trace = "00-" + randomHex(16) + "-" + randomHex(8) + "-01"
		request.Header.Set("traceparent", made.Trace)
	}
}

// trace makes requests, each with headers of its own, and tells of all of them.
func trace(scheme, address string, requests, workers int, headers string) (interface{}, error) {
	transport := ways[scheme](workers)
	defer transport.CloseIdleConnections()
	all, failed := make([]traced, requests), make(chan error, workers)
	var group sync.WaitGroup
	for worker := 0; worker < workers; worker++ {
		group.Add(1)
		go func(worker int) {
			defer group.Done()
			random := mathrand.New(mathrand.NewSource(int64(worker)))
			for i := worker; i < requests; i += workers {
				if err := traceOne(transport, serverURL(scheme, address), pick(random), sleeps[i%len(sleeps)]+random.Intn(spread), headers, &all[i]); err != nil {
					failed <- err
					return
				}
			}
		}(worker)
	}
	group.Wait()
	select {
	case err := <-failed:
		return nil, err
	default:
		return map[string]interface{}{"requests": all}, nil
	}
}

func traceOne(transport transport, server string, k kind, us int, headers string, made *traced) error {
	code, expected := k.code, k.code
	switch code {
	case 0:
		expected = 200
	case -1:
		expected, code, us = 404, 0, 0 // no handler is called
	}
	made.Key = fmt.Sprintf("%s %s %d", k.method, k.path, expected)
	made.Least = float64(us) / 1e6
	query := url.Values{"key": {made.Key}, "code": {fmt.Sprint(code)}, "us": {fmt.Sprint(us)}}
	request, err := http.NewRequest(k.method, server+strings.Replace(k.path, "%d", "4711", 1)+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	identify(request, headers, made)
	begun := time.Now()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	made.Seconds = time.Since(begun).Seconds()
	if response.StatusCode != expected {
		return fmt.Errorf("%s: status %d", made.Key, response.StatusCode)
	}
	return nil
}
