// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// One call as its client knows it.
type traced struct {
	Trace   string  `json:"trace"` // the metadata that was sent; empty: none
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

// identified has the metadata that are asked for: `trace`, `id`, both, or none; with `many` others
// beside them.
func identified(headers string, made *traced) context.Context {
	md := metadata.MD{}
	if strings.Contains(headers, "many") {
		for i := 0; i < 40; i++ {
			md.Set(fmt.Sprintf("x-other-%d", i), randomHex(16))
		}
	}
	if strings.Contains(headers, "id") {
		made.ID = "request-" + randomHex(12)
		md.Set("x-request-id", made.ID)
	}
	if strings.Contains(headers, "trace") {
		made.Trace = "00-" + randomHex(16) + "-" + randomHex(8) + "-01"
		md.Set("traceparent", made.Trace)
	}
	return metadata.NewOutgoingContext(context.Background(), md)
}

// trace makes calls of few methods, each with metadata of its own, and tells of all of them.
func trace(address string, calls, workers int, headers string) (interface{}, error) {
	connection, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	all, failed := make([]traced, calls), make(chan error, workers)
	var group sync.WaitGroup
	for worker := 0; worker < workers; worker++ {
		group.Add(1)
		go func(worker int) {
			defer group.Done()
			for i := worker; i < calls; i += workers {
				if err := traceOne(connection, i, headers, &all[i]); err != nil {
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

func traceOne(connection *grpc.ClientConn, i int, headers string, made *traced) error {
	code := []codes.Code{codes.OK, codes.OK, codes.NotFound, codes.Internal}[i/8%4]
	us := sleeps[i%len(sleeps)] + mathrand.Intn(spread)
	method := fmt.Sprintf("/%s/%s", serviceName(0), methodName(i%3))
	made.Key, made.Least = fmt.Sprintf("%s %d", method[1:], code), float64(us)/1e6
	begun := time.Now()
	err := connection.Invoke(identified(headers, made), method,
		wrapperspb.String(fmt.Sprintf("%d %d 0", code, us)), new(wrapperspb.StringValue))
	made.Seconds = time.Since(begun).Seconds()
	if status.Code(err) != code {
		return fmt.Errorf("%s: %v instead of %v", method, err, code)
	}
	return nil
}
