// SPDX-License-Identifier: Apache-2.0

//go:build !go1.22

package main

import "net/http"

func register(mux *http.ServeMux) {
	mux.HandleFunc("/items/", handle)
	mux.HandleFunc("/users/", handle)
	mux.HandleFunc("/health", handle)
}
