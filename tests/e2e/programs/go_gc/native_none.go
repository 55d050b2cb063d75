// SPDX-License-Identifier: Apache-2.0

//go:build !cgo

package main

func native() int { return 0 }
