// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// A server that knows the state of each of its connections.
type server struct {
	*httptest.Server
	mutex  sync.Mutex
	states map[net.Conn]http.ConnState
	opened int64
	gate   chan struct{} // requests of /wait end when it is closed
	inside int64         // requests of /wait that are waiting
}

func (s *server) handle(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/wait":
		s.mutex.Lock()
		gate := s.gate
		s.mutex.Unlock()
		atomic.AddInt64(&s.inside, 1)
		<-gate
		atomic.AddInt64(&s.inside, -1)
	case "/hijack":
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
		hijacked.add(conn)
		return
	case "/pause": // long enough for a whole round of clients to need connections of their own
		time.Sleep(20 * time.Millisecond)
	}
	io.WriteString(w, "done")
}

func newServer(secure bool) *server {
	s := &server{states: map[net.Conn]http.ConnState{}, gate: make(chan struct{})}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.handle))
	s.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if state == http.StateNew {
			atomic.AddInt64(&s.opened, 1)
		}
		if state == http.StateClosed {
			delete(s.states, conn)
		} else {
			s.states[conn] = state
		}
	}
	if secure {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Start()
	}
	return s
}

type conns struct {
	mutex sync.Mutex
	all   []net.Conn
}

func (c *conns) add(conn net.Conn) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.all = append(c.all, conn)
}

func (c *conns) close() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, conn := range c.all {
		conn.Close()
	}
	c.all = nil
}

func (c *conns) count() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return len(c.all)
}

var (
	hijacked conns // at the server's side
	raw      conns // at the client's side, without net/http
	main1    *server
	client   *http.Client
	account  struct {
		dialsOK, dialsFailed, opened, reused, kept, full, other int64
	}
)

// What httptrace says of a client's connections.
func traced(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectDone: func(_, _ string, err error) {
			if err != nil {
				atomic.AddInt64(&account.dialsFailed, 1)
			} else {
				atomic.AddInt64(&account.dialsOK, 1)
			}
		},
		GotConn: func(info httptrace.GotConnInfo) {
			if info.Reused {
				atomic.AddInt64(&account.reused, 1)
			} else {
				atomic.AddInt64(&account.opened, 1)
			}
		},
		PutIdleConn: func(err error) {
			switch {
			case err == nil:
				atomic.AddInt64(&account.kept, 1)
			case err.Error() == "http: putIdleConn: too many idle connections for host":
				atomic.AddInt64(&account.full, 1)
			default:
				atomic.AddInt64(&account.other, 1)
			}
		},
	})
}

func get(c *http.Client, url string) error {
	request, err := http.NewRequestWithContext(traced(context.Background()), "GET", url, nil)
	if err != nil {
		return err
	}
	response, err := c.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	response.Body.Close()
	return err
}

func together(n int, do func() error) error {
	errors := make(chan error, n)
	for i := 0; i < n; i++ {
		go func() { errors <- do() }()
	}
	var failed error
	for i := 0; i < n; i++ {
		if err := <-errors; err != nil {
			failed = err
		}
	}
	return failed
}

func clientAccount([]int) (reply, error) {
	return reply{
		"dials_ok": atomic.LoadInt64(&account.dialsOK), "dials_failed": atomic.LoadInt64(&account.dialsFailed),
		"opened": atomic.LoadInt64(&account.opened), "reused": atomic.LoadInt64(&account.reused),
		"kept": atomic.LoadInt64(&account.kept), "full": atomic.LoadInt64(&account.full),
		"other": atomic.LoadInt64(&account.other),
	}, nil
}

// pool PER_HOST ROUNDS PARALLEL: a client with this limit (0: the default) and so many requests at
// a time. The client stays.
func pool(n []int) (reply, error) {
	if main1 == nil {
		main1 = newServer(false)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = n[0]
	client = &http.Client{Transport: transport}
	before := atomic.LoadInt64(&main1.opened)
	for i := 0; i < n[1]; i++ {
		if err := together(n[2], func() error { return get(client, main1.URL+"/pause") }); err != nil {
			return nil, err
		}
	}
	answer, err := clientAccount(nil)
	answer["server_saw"] = atomic.LoadInt64(&main1.opened) - before
	return answer, err
}

// serve: makes the server.
func serve([]int) (reply, error) {
	main1 = newServer(false)
	client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}
	return reply{}, nil
}

// hold IDLE ACTIVE NEW HIJACKED: so many more connections in these states.
func hold(n []int) (reply, error) {
	idle, active, fresh, taken := n[0], n[1], n[2], n[3]
	inside := atomic.LoadInt64(&main1.inside)
	if err := together(idle, func() error { return get(client, main1.URL+"/pause") }); err != nil {
		return nil, err
	}
	// It keeps all of them when they are released: what it closed, the server would see a little later.
	single := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: active + 1}}
	for i := 0; i < active; i++ {
		go get(single, main1.URL+"/wait")
	}
	for i := 0; i < fresh+taken; i++ {
		conn, err := net.Dial("tcp", main1.Listener.Addr().String())
		if err != nil {
			return nil, err
		}
		raw.add(conn)
		if i < taken {
			fmt.Fprintf(conn, "GET /hijack HTTP/1.1\r\nHost: x\r\n\r\n")
			if _, err := conn.Read(make([]byte, 1024)); err != nil {
				return nil, err
			}
		}
	}
	for atomic.LoadInt64(&main1.inside) < inside+int64(active) {
		time.Sleep(time.Millisecond)
	}
	return serverAccount(nil)
}

func serverAccount([]int) (reply, error) {
	main1.mutex.Lock()
	defer main1.mutex.Unlock()
	counts := map[http.ConnState]int{}
	for _, state := range main1.states {
		counts[state]++
	}
	return reply{"new": counts[http.StateNew], "active": counts[http.StateActive],
		"idle": counts[http.StateIdle], "hijacked": hijacked.count(),
		"opened": atomic.LoadInt64(&main1.opened)}, nil
}

// release: ends the requests that wait.
func release([]int) (reply, error) {
	main1.mutex.Lock()
	close(main1.gate)
	main1.gate = make(chan struct{})
	main1.mutex.Unlock()
	for atomic.LoadInt64(&main1.inside) > 0 {
		time.Sleep(time.Millisecond)
	}
	return serverAccount(nil)
}

// close: every connection.
func closeAll([]int) (reply, error) {
	hijacked.close()
	raw.close()
	client.CloseIdleConnections()
	main1.CloseClientConnections()
	return serverAccount(nil)
}

// http2 STREAMS: a client and a server that speak HTTP/2 over one connection, with so many open
// streams.
func http2(n []int) (reply, error) {
	main1 = newServer(true)
	transport := main1.Client().Transport.(*http.Transport)
	transport.ForceAttemptHTTP2 = true
	client = &http.Client{Transport: transport}
	response, err := client.Get(main1.URL + "/")
	if err != nil {
		return nil, err
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	for i := 0; i < n[0]; i++ {
		go get(client, main1.URL+"/wait")
	}
	for atomic.LoadInt64(&main1.inside) < int64(n[0]) {
		time.Sleep(time.Millisecond)
	}
	return reply{"protocol": response.Proto, "inside": atomic.LoadInt64(&main1.inside)}, nil
}

// cancel N: requests that are given up while their connection is dialed; the dials are let go only
// then.
func cancelled(n []int) (reply, error) {
	gate := make(chan struct{})
	dialing := make(chan struct{}, n[0])
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		dialing <- struct{}{}
		<-gate
		return net.Dial("tcp", main1.Listener.Addr().String())
	}}
	c := &http.Client{Transport: transport}
	var done sync.WaitGroup
	for i := 0; i < n[0]; i++ {
		ctx, cancel := context.WithCancel(context.Background())
		done.Add(1)
		go func() {
			request, _ := http.NewRequestWithContext(ctx, "GET", "http://cancelled.test:80/", nil)
			c.Do(request)
			done.Done()
		}()
		<-dialing
		cancel()
	}
	done.Wait()
	close(gate)
	return reply{}, nil
}

// refused N: requests to a port where nobody listens.
func refused(n []int) (reply, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	listener.Close()
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{}}}
	for i := 0; i < n[0]; i++ {
		if err := get(c, "http://"+listener.Addr().String()+"/"); err == nil {
			return nil, fmt.Errorf("a port that is closed answered")
		}
	}
	return clientAccount(nil)
}
