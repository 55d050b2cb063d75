// SPDX-License-Identifier: Apache-2.0

//go:build chi

package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

func one(w http.ResponseWriter, r *http.Request) {
	handle(w, r, chi.RouteContext(r.Context()).RoutePattern())
}

func orders(r chi.Router) {
	r.HandleFunc("/{order:[0-9]+}", one)
}

func deeper(r chi.Router, more int) {
	if more == 0 {
		r.Get("/{id}", one)
		return
	}
	r.Route("/deep", func(r chi.Router) { deeper(r, more-1) })
}

func router() http.Handler {
	mux := chi.NewRouter()
	mux.Route("/items", func(r chi.Router) {
		r.Get("/{id}", one)
		r.Post("/{id}", one)
		r.Delete("/{id}", one)
	})
	mux.Route("/users", func(r chi.Router) {
		r.Route("/{user}", func(r chi.Router) { r.Route("/orders", orders) })
	})
	mux.Get("/health", one)
	mux.Head("/health", one)
	mux.Get("/files/*", one)
	mux.Route(long, func(r chi.Router) { r.Get("/{kind}/parts/{number}", one) })
	mux.Route("/deep", func(r chi.Router) { deeper(r, 6) })
	mux.NotFound(missed)
	return mux
}
