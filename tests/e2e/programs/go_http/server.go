// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"
)

var served = newAccount()

// What the handlers keep alive, so that the collector has work.
var garbage [64][]byte

// handle does what the request's query says: `code` is the status (0: none is set), `us` how long
// to take, `then` what to do instead of returning.
func handle(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if us, err := strconv.Atoi(query.Get("us")); err == nil {
		time.Sleep(time.Duration(us) * time.Microsecond)
	}
	switch query.Get("then") {
	case "panic":
		panic("as asked")
	case "exit": // the goroutine ends in the middle of the request
		runtime.Goexit()
	case "redirect":
		http.Redirect(w, r, "/health?key=redirected", http.StatusFound)
		return
	case "abort":
		panic(http.ErrAbortHandler)
	case "hijack":
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\nConnection: close\r\n\r\n")
			connection.Close()
		}
		return
	case "wait": // for the client to go away
		<-r.Context().Done()
		return
	case "stream":
		for i := 0; i < 20; i++ {
			fmt.Fprintf(w, "piece %d\n", i)
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
		return
	}
	if size, err := strconv.Atoi(query.Get("garbage")); err == nil {
		for i := range garbage {
			garbage[i] = make([]byte, size/len(garbage))
		}
	}
	if code, err := strconv.Atoi(query.Get("code")); err == nil && code != 0 {
		w.WriteHeader(code)
		if code == http.StatusNoContent || code == http.StatusNotModified {
			return
		}
	}
	io.WriteString(w, "done\n")
}

// recorder is the outermost handler: what it measures begins and ends where the server's call of
// its handler does. Who asked what is in the query: the test says how it wants it counted.
type recorder struct {
	next http.Handler
	gc   bool
}

func (h recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	var count uint64
	var seconds float64
	if h.gc {
		count, seconds = stops()
	}
	defer func() {
		served.add(r.URL.Query().Get("key"), time.Since(begun))
		if h.gc {
			served.addStops(count, seconds)
		}
	}()
	if strings.HasPrefix(r.URL.Path, "/raw/") { // no router has this
		change(w, r)
		return
	}
	h.next.ServeHTTP(w, r)
}

func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// What else this version of Go, and the module golang.org/x/net, can serve, by name.
var moreServers = map[string]func(net.Listener, http.Handler, tls.Certificate){}

// serve starts an HTTP/1.1 server and, with TLS, an HTTP/2 server, and what else there is. A bare one keeps no account, one of
// kind gc asks the runtime for the collector's stops as well.
func serve(kind string) (interface{}, error) {
	mux := http.NewServeMux()
	register(mux)
	registerChanging(mux)
	var handler http.Handler = mux
	if kind != "bare" {
		handler = recorder{mux, kind == "gc"}
	}
	addresses := map[string]string{}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addresses["http"] = plain.Addr().String()
	go (&http.Server{Handler: handler, ErrorLog: quiet}).Serve(plain)
	own, err := certificate()
	if err != nil {
		return nil, err
	}
	encrypted, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addresses["https"] = encrypted.Addr().String()
	go (&http.Server{Handler: handler, ErrorLog: quiet,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{own}}}).ServeTLS(encrypted, "", "")
	for name, start := range moreServers {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		addresses[name] = listener.Addr().String()
		go start(listener, handler, own)
	}
	return addresses, nil
}
