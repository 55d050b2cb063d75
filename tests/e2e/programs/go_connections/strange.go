// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"syscall"
	"time"
)

// keep N: a server, and a client with so many idle connections to it, of which we know the net.Conn
// at both ends.
func keep(n []int) (reply, error) {
	main1 = newServer(false)
	raw.close()
	transport := &http.Transport{MaxIdleConnsPerHost: 1000,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			var dialer net.Dialer
			conn, err := dialer.DialContext(ctx, network, address)
			if err == nil {
				raw.add(conn)
			}
			return conn, err
		}}
	client = &http.Client{Transport: transport}
	if err := together(n[0], func() error { return get(client, main1.URL+"/pause") }); err != nil {
		return nil, err
	}
	return serverAccount(nil)
}

// Closes the descriptor without Go's knowledge, as a library in C may. The runtime hears no more of
// it: the connection is open for ever.
func closeBehind(conn net.Conn) error {
	control, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	return control.Control(func(fd uintptr) { syscall.Close(int(fd)) })
}

// steal CLIENT SERVER: the sockets of so many idle connections at this end and at that end.
func steal(n []int) (reply, error) {
	raw.mutex.Lock()
	defer raw.mutex.Unlock()
	stolen := map[string]bool{}
	for _, conn := range raw.all[:n[0]] {
		stolen[conn.LocalAddr().String()] = true
		if err := closeBehind(conn); err != nil {
			return nil, err
		}
	}
	main1.mutex.Lock()
	left := n[1]
	for conn := range main1.states {
		if left > 0 && !stolen[conn.RemoteAddr().String()] {
			if err := closeBehind(conn); err != nil {
				main1.mutex.Unlock()
				return nil, err
			}
			left--
		}
	}
	main1.mutex.Unlock()
	return reply{"left": left}, nil
}

// servers N: one after the other, each with a client of its own and one request; all are closed.
func servers(n []int) (reply, error) {
	for i := 0; i < n[0]; i++ {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "done")
		})}
		go s.Serve(listener)
		transport := &http.Transport{}
		response, err := (&http.Client{Transport: transport}).Get("http://" + listener.Addr().String())
		if err != nil {
			return nil, err
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		transport.CloseIdleConnections()
		s.Close()
	}
	return reply{}, nil
}

// collect: what is no longer used, so that its memory serves others.
func collect([]int) (reply, error) {
	for i := 0; i < 3; i++ {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	return reply{}, nil
}

// port: the server's.
func port([]int) (reply, error) {
	return reply{"port": main1.Listener.Addr().(*net.TCPAddr).Port}, nil
}

// dial PORT N: so many connections to another process, without a word.
func dial(n []int) (reply, error) {
	for i := 0; i < n[1]; i++ {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", n[0]))
		if err != nil {
			return nil, err
		}
		raw.add(conn)
	}
	return reply{}, nil
}

// requests PORT N WORKERS KEEP: so many requests to another process; 1 keeps the connections alive, 0
// opens one for each.
func requests(n []int) (reply, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: n[2], DisableKeepAlives: n[3] == 0}
	c := &http.Client{Transport: transport}
	defer transport.CloseIdleConnections()
	url := fmt.Sprintf("http://127.0.0.1:%d/", n[0])
	err := together(n[2], func() error {
		for i := 0; i < n[1]/n[2]; i++ {
			if err := get(c, url); err != nil {
				return err
			}
		}
		return nil
	})
	return reply{"requests": n[1] / n[2] * n[2]}, err
}
