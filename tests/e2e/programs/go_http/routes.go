// SPDX-License-Identifier: Apache-2.0

//go:build go1.22

//go:debug httpmuxgo121=0
package main

import "net/http"

func register(mux *http.ServeMux) {
	mux.HandleFunc("GET /items/{id}", handle)
	mux.HandleFunc("POST /items/{id}", handle)
	mux.HandleFunc("DELETE /items/{id}", handle)
	mux.HandleFunc("/users/{id}/orders/{id2}", handle)
	mux.HandleFunc("/health", handle)
}
