// SPDX-License-Identifier: Apache-2.0

//go:build !go1.19

package main

import "errors"

func setMemoryLimit(int64) (int64, error) { return 0, errors.New("Go 1.18 has no memory limit") }
