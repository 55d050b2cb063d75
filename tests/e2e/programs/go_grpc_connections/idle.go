// SPDX-License-Identifier: Apache-2.0

//go:build idle

package main

import (
	"time"

	"google.golang.org/grpc"
)

// Of a channel that nobody uses. grpc-go has it from 1.56 on.
var idleTimeout = []grpc.DialOption{grpc.WithIdleTimeout(time.Second)}
