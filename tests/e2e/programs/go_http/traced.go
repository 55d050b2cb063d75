// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand"
	"strings"
	"sync"
)

// What the programs go_http and go_grpc have in common (a link leads here): requests, or calls, by
// what they are known.

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

// identify has the headers that are asked for: `trace`, `id`, both, or none; with `many` others
// beside them.
func identify(wanted string, made *traced) map[string]string {
	headers := map[string]string{}
	if strings.Contains(wanted, "many") {
		for i := 0; i < 40; i++ {
			headers[fmt.Sprintf("X-Other-%d", i)] = randomHex(16)
		}
	}
	if strings.Contains(wanted, "id") {
		made.ID = "request-" + randomHex(12)
		headers["X-Request-Id"] = made.ID
	}
	if strings.Contains(wanted, "trace") {
		made.Trace = "00-" + randomHex(16) + "-" + randomHex(8) + "-01"
		headers["traceparent"] = made.Trace
	}
	return headers
}

// together makes requests, number i of them by one(i, …): each worker every so-manieth, until one fails.
func together(requests, workers int, one func(i int, random *mathrand.Rand) error) error {
	failed := make(chan error, workers)
	var group sync.WaitGroup
	for worker := 0; worker < workers; worker++ {
		group.Add(1)
		go func(worker int) {
			defer group.Done()
			random := mathrand.New(mathrand.NewSource(int64(worker)))
			for i := worker; i < requests; i += workers {
				if err := one(i, random); err != nil {
					failed <- err
					return
				}
			}
		}(worker)
	}
	group.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// traceAll makes requests, number i of them by one(i, …), and tells of all of them.
func traceAll(requests, workers int, one func(i int, random *mathrand.Rand, made *traced) error) (interface{}, error) {
	all := make([]traced, requests)
	err := together(requests, workers, func(i int, random *mathrand.Rand) error {
		return one(i, random, &all[i])
	})
	if err != nil {
		return nil, err
	}
	return map[string]interface{}{"requests": all}, nil
}
