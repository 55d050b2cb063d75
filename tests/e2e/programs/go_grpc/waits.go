// SPDX-License-Identifier: Apache-2.0

//go:build waits

package main

import "google.golang.org/grpc"

// grpc-go >= 1.61
func init() { waiting = []grpc.ServerOption{grpc.WaitForHandlers(true)} }
