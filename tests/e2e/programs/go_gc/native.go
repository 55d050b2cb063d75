// SPDX-License-Identifier: Apache-2.0

//go:build cgo

package main

// static int holter_native(void) { return 42; }
import "C"

// Makes this a program with C in it, linked by the C linker.
func native() int { return int(C.holter_native()) }
