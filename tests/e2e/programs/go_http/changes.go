// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
)

const anotherTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// Ways in which handlers change a request that others look at later.
var changes = map[string]func(*http.Request){
	"path":    func(r *http.Request) { r.URL.Path = "/rewritten/8" },
	"url":     func(r *http.Request) { r.URL = &url.URL{Path: "/another/url"} },
	"method":  func(r *http.Request) { r.Method = "PUT" },
	"trace":   func(r *http.Request) { r.Header.Set("traceparent", anotherTrace) },
	"no":      func(r *http.Request) { r.Header.Set("traceparent", strings.Repeat("z", 55)) },
	"removed": func(r *http.Request) { r.Header.Del("traceparent") },
	"headers": func(r *http.Request) { r.Header = http.Header{} },
}

func change(w http.ResponseWriter, r *http.Request) {
	changes[r.URL.Query().Get("change")](r)
	io.WriteString(w, "done\n")
}

// registerChanging has a router in a router, with and without the path that they share, and a handler that
// changes its requests.
func registerChanging(mux *http.ServeMux) {
	inner := http.NewServeMux()
	inner.HandleFunc("/nested/things/", handle)
	inner.HandleFunc("/things/", handle)
	mux.Handle("/nested/", inner)
	mux.Handle("/stripped/", http.StripPrefix("/stripped", inner))
}
