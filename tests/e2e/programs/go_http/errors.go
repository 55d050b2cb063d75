// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Servers that are none: each does this with its connections.
var badServers = map[string]func(net.Conn){
	"silent": func(connection net.Conn) {
		io.Copy(io.Discard, connection)
	},
	"closing": func(connection net.Conn) {
		bufio.NewReader(connection).ReadString('\n')
	},
	"resetting": func(connection net.Conn) {
		bufio.NewReader(connection).ReadString('\n')
		connection.(*net.TCPConn).SetLinger(0)
	},
	"babbling": func(connection net.Conn) {
		bufio.NewReader(connection).ReadString('\n')
		io.WriteString(connection, "what?\r\n\r\n")
		io.Copy(io.Discard, connection)
	},
	"breaking": func(connection net.Conn) {
		bufio.NewReader(connection).ReadString('\n')
		io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Le")
	},
}

func startBad(behave func(net.Conn)) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				behave(connection)
				connection.Close()
			}()
		}
	}()
	return listener.Addr().String(), nil
}

// detached is a context that does not end when its parent does, as context.WithoutCancel makes since Go 1.21.
type detached struct{ parent context.Context }

func (detached) Deadline() (time.Time, bool)         { return time.Time{}, false }
func (detached) Done() <-chan struct{}               { return nil }
func (detached) Err() error                          { return nil }
func (d detached) Value(key interface{}) interface{} { return d.parent.Value(key) }

// noting notes how each request ends that passes through it.
type noting struct {
	next   http.RoundTripper
	mutex  sync.Mutex
	counts map[string]int
}

func (n *noting) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := n.next.RoundTrip(request)
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if err == nil {
		n.counts[fmt.Sprintf("answer %d", response.StatusCode)]++
		return response, nil
	}
	root := err
	for next := errors.Unwrap(root); next != nil; next = errors.Unwrap(root) {
		root = next
	}
	n.counts[fmt.Sprintf("%T %T", err, root)]++
	return response, err
}

// failing makes requests that fail in every way, `each` times; the answer says which error the
// transport returned (its type and the type at its root), or which status.
func failing(httpAddress, httpsAddress string, each int) (interface{}, error) {
	bad := map[string]string{}
	for name, behave := range badServers {
		address, err := startBad(behave)
		if err != nil {
			return nil, err
		}
		bad[name] = "http://" + address + "/"
	}
	silent := strings.Replace(bad["silent"], "http:", "https:", 1)
	insecure, pool := &tls.Config{InsecureSkipVerify: true}, x509.NewCertPool()
	connection, err := tls.Dial("tcp", httpsAddress, insecure)
	if err != nil {
		return nil, err
	}
	pool.AddCert(connection.ConnectionState().PeerCertificates[0])
	connection.Close()
	nobody := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:1")
	}}
	wait := "/health?key=wait&then=wait"
	_, port, _ := net.SplitHostPort(httpsAddress)
	cases := []struct {
		transport *http.Transport
		url       string
		limit     time.Duration // of the request's context; < 0: it is detached from one that has ended
		timeout   time.Duration // of the client
	}{
		{new(http.Transport), "https://" + httpsAddress + "/health", 0, 0},                                            // unknown authority
		{&http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, "https://localhost:" + port + "/health", 0, 0}, // another's name
		{&http.Transport{TLSHandshakeTimeout: 20 * time.Millisecond}, silent, 0, 0},
		{new(http.Transport), "https://" + httpAddress + "/health", 0, 0}, // no TLS there
		{new(http.Transport), "http://" + httpAddress + wait, 20 * time.Millisecond, 0},
		{new(http.Transport), "http://" + httpAddress + wait, 0, 20 * time.Millisecond},
		{new(http.Transport), silent, 20 * time.Millisecond, 0}, // in the handshake
		{&http.Transport{ResponseHeaderTimeout: 20 * time.Millisecond}, "http://" + httpAddress + wait, 0, 0},
		{&http.Transport{TLSClientConfig: insecure, ForceAttemptHTTP2: true}, "https://" + httpsAddress + wait, 20 * time.Millisecond, 0},
		{&http.Transport{TLSClientConfig: insecure, ForceAttemptHTTP2: true}, "https://" + httpsAddress + "/health?key=abort&then=abort", 0, 0},
		{new(http.Transport), "http://127.0.0.1:1/", 0, 0},
		{new(http.Transport), "http://127.0.0.1:1/", -1, 0},
		{&http.Transport{DialContext: (&net.Dialer{Resolver: nobody}).DialContext}, "http://nobody.invalid/", 0, 0},
		{new(http.Transport), bad["closing"], 0, 0},
		{new(http.Transport), bad["resetting"], 0, 0},
		{new(http.Transport), bad["babbling"], 0, 0},
		{new(http.Transport), bad["breaking"], 0, 0},
		{new(http.Transport), "http://" + httpAddress + "/health?key=redirect&then=redirect", 0, 0},
	}
	ends := &noting{counts: map[string]int{}}
	for _, c := range cases {
		ends.next = c.transport
		client := &http.Client{Transport: ends, Timeout: c.timeout}
		for i := 0; i < each; i++ {
			ctx, cancel := context.Background(), func() {}
			if c.limit > 0 {
				ctx, cancel = context.WithTimeout(ctx, c.limit)
			} else if c.limit < 0 {
				parent, end := context.WithCancel(ctx)
				end()
				ctx = detached{parent}
			}
			request, err := http.NewRequestWithContext(ctx, "GET", c.url, nil)
			if err != nil {
				cancel()
				return nil, err
			}
			if response, err := client.Do(request); err == nil {
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
			cancel()
		}
		c.transport.CloseIdleConnections()
	}
	return map[string]interface{}{"counts": ends.counts}, nil
}
