// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
)

// Between two attempts: long enough to be seen, short enough for a test.
var quick = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 300 * time.Millisecond, Multiplier: 1, MaxDelay: 300 * time.Millisecond},
	MinConnectTimeout: 2 * time.Second,
}
