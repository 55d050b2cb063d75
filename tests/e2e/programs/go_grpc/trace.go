// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	mathrand "math/rand"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// trace makes calls of few methods, each with metadata of its own, and tells of all of them.
func trace(address string, calls, workers int, headers string) (interface{}, error) {
	connection, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	return traceAll(calls, workers, func(i int, random *mathrand.Rand, made *traced) error {
		return traceOne(connection, i, random, headers, made)
	})
}

func traceOne(connection *grpc.ClientConn, i int, random *mathrand.Rand, headers string, made *traced) error {
	code := []codes.Code{codes.OK, codes.OK, codes.NotFound, codes.Internal}[i/8%4]
	us := sleeps[i%len(sleeps)] + random.Intn(spread)
	method := fmt.Sprintf("/%s/%s", serviceName(0), methodName(i%3))
	made.Key, made.Least = fmt.Sprintf("%s %d", method[1:], code), float64(us)/1e6
	sent := metadata.NewOutgoingContext(context.Background(), metadata.New(identify(headers, made)))
	begun := time.Now()
	err := connection.Invoke(sent, method,
		wrapperspb.String(fmt.Sprintf("%d %d 0", code, us)), new(wrapperspb.StringValue))
	made.Seconds = time.Since(begun).Seconds()
	if status.Code(err) != code {
		return fmt.Errorf("%s: %v instead of %v", method, err, code)
	}
	return nil
}
