// SPDX-License-Identifier: Apache-2.0

//go:build !idle

package main

import "google.golang.org/grpc"

var idleTimeout []grpc.DialOption
