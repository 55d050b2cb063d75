// SPDX-License-Identifier: Apache-2.0

//go:build go1.23

package main

import "net/http"

func init() {
	changes["pattern"] = func(r *http.Request) { r.Pattern = "GET /as/{the}/handler/says" }
}
