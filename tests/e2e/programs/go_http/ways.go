// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"net/http"
	"strings"
)

type transport interface {
	http.RoundTripper
	CloseIdleConnections()
}

func plain(workers int) transport {
	return &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: workers}
}

// How requests are made, for so many workers, by name: the scheme of the URL, and what kind of it.
var ways = map[string]func(workers int) transport{"http": plain, "https": plain}

func serverURL(way, address string) string {
	return strings.SplitN(way, "+", 2)[0] + "://" + address
}
