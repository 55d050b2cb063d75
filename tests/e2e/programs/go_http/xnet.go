// SPDX-License-Identifier: Apache-2.0

//go:build xnet

package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
)

// The other HTTP/2: that of the module golang.org/x/net.
func init() {
	moreServers["xnet_h2c"] = func(listener net.Listener, handler http.Handler, _ tls.Certificate) {
		(&http.Server{Handler: h2c.NewHandler(handler, &http2.Server{}), ErrorLog: quiet}).Serve(listener)
	}
	moreServers["xnet_tls"] = func(listener net.Listener, handler http.Handler, own tls.Certificate) {
		server := &http.Server{Handler: handler, ErrorLog: quiet, TLSConfig: &tls.Config{Certificates: []tls.Certificate{own}}}
		if err := http2.ConfigureServer(server, &http2.Server{}); err != nil {
			panic(err)
		}
		server.ServeTLS(listener, "", "")
	}
	moreServers["xnet_bare"] = func(listener net.Listener, handler http.Handler, _ tls.Certificate) {
		server := new(http2.Server)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go server.ServeConn(connection, &http2.ServeConnOpts{Handler: handler})
		}
	}
	ways["http+xnet"] = func(int) transport {
		return &http2.Transport{AllowHTTP: true, DialTLSContext: func(ctx context.Context, network, address string, _ *tls.Config) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}}
	}
	ways["https+xnet"] = func(int) transport {
		return &http2.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	}
	ways["https+configured"] = func(workers int) transport {
		made := plain(workers).(*http.Transport)
		if err := http2.ConfigureTransport(made); err != nil {
			panic(err)
		}
		return made
	}
}
