// SPDX-License-Identifier: Apache-2.0

//go:build go1.19

package main

import "runtime/debug"

func setMemoryLimit(bytes int64) (int64, error) { return debug.SetMemoryLimit(bytes), nil }
