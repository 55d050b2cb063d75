// SPDX-License-Identifier: Apache-2.0

//go:build go1.24

package main

import (
	"crypto/tls"
	"net"
	"net/http"
)

// HTTP/2 without TLS, by Go itself.
func init() {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	moreServers["h2c"] = func(listener net.Listener, handler http.Handler, _ tls.Certificate) {
		(&http.Server{Handler: handler, ErrorLog: quiet, Protocols: protocols}).Serve(listener)
	}
	ways["http+h2c"] = func(int) transport { return &http.Transport{Protocols: protocols} }
}
