// SPDX-License-Identifier: Apache-2.0

//go:build gorilla

package main

import (
	"net/http"

	"github.com/gorilla/mux"
)

func one(w http.ResponseWriter, r *http.Request) {
	pattern, err := mux.CurrentRoute(r).GetPathTemplate()
	if err != nil {
		panic(err)
	}
	handle(w, r, pattern)
}

func router() http.Handler {
	router := mux.NewRouter()
	router.HandleFunc("/items/{id:[0-9]+}", one).Methods("GET", "POST", "DELETE")
	users := router.PathPrefix("/users/{user}").Subrouter()
	users.HandleFunc("/orders/{order}", one)
	router.HandleFunc("/health", one)
	router.PathPrefix("/files/").HandlerFunc(one)
	router.PathPrefix(long).Subrouter().HandleFunc("/{kind}/parts/{number}", one)
	router.NotFoundHandler = http.HandlerFunc(missed)
	return router
}
