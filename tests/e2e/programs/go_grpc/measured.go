// SPDX-License-Identifier: Apache-2.0

//go:build measured

package main

import "google.golang.org/grpc"

// Of a grpc-go that has been changed for this: it has a clock around its own (*Server).handleStream. No hook
// that it has by itself is there.
func init() { grpc.CallTook = served.addServed }
