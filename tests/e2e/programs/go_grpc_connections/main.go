// SPDX-License-Identifier: Apache-2.0

// A gRPC client and its server in one process, whose connections the tests drive. Its own account of
// the client's channel is what WaitForStateChange says, with GetState at each change; transitions
// that follow each other at once can be missed by that, so the commands leave time between them.
//
// One command per line on standard input, one line of JSON in answer; the end of input ends it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

type reply map[string]interface{}

var (
	mutex       sync.Mutex
	transitions = map[string]int{}
	current     connectivity.State
	dials       int
	conn        *grpc.ClientConn
	server      *grpc.Server
	address     string
	accepted    = &counting{open: map[net.Conn]bool{}}
)

// A listener that counts its connections.
type counting struct {
	net.Listener
	mutex  sync.Mutex
	open   map[net.Conn]bool
	closed int
}

type counted struct {
	net.Conn
	of *counting
}

func (c *counting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	wrapped := &counted{conn, c}
	c.open[wrapped] = true
	return wrapped, nil
}

func (c *counted) Close() error {
	c.of.mutex.Lock()
	if c.of.open[c] {
		delete(c.of.open, c)
		c.of.closed++
	}
	c.of.mutex.Unlock()
	return c.Conn.Close()
}

// Records every change until the channel is shut down. It began as idle, and may be on already.
func watch(c *grpc.ClientConn) {
	state := c.GetState()
	if state != connectivity.Idle {
		mutex.Lock()
		transitions[strings.ToLower(state.String())]++
		current = state
		mutex.Unlock()
	}
	for c.WaitForStateChange(context.Background(), state) {
		state = c.GetState()
		mutex.Lock()
		transitions[strings.ToLower(state.String())]++
		current = state
		mutex.Unlock()
		if state == connectivity.Shutdown {
			return
		}
	}
}

// A dial that takes a moment, so that each state lasts long enough to be seen.
func dial(ctx context.Context, target string) (net.Conn, error) {
	mutex.Lock()
	dials++
	mutex.Unlock()
	time.Sleep(50 * time.Millisecond)
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", target)
}

func serve() error {
	listener, err := net.Listen("tcp", func() string {
		if address == "" {
			return "127.0.0.1:0"
		}
		return address
	}())
	if err != nil {
		return err
	}
	address = listener.Addr().String()
	accepted.Listener = listener
	server = grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go server.Serve(accepted)
	return nil
}

func call(wait bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{}, grpc.WaitForReady(wait))
	return err
}

func account() reply {
	mutex.Lock()
	defer mutex.Unlock()
	accepted.mutex.Lock()
	defer accepted.mutex.Unlock()
	counts := map[string]int{}
	for state, count := range transitions {
		counts[state] = count
	}
	return reply{"transitions": counts, "state": strings.ToLower(current.String()), "dials": dials,
		"server_open": len(accepted.open), "server_closed": accepted.closed}
}

func run(command string) error {
	switch command {
	case "account":
		return nil
	case "serve":
		return serve()
	case "connect":
		var err error
		conn, err = grpc.Dial(address, grpc.WithInsecure(), grpc.WithContextDialer(dial),
			grpc.WithConnectParams(quick))
		if err != nil {
			return err
		}
		go watch(conn)
		return call(true)
	case "call":
		return call(true)
	case "fail": // nobody listens
		if call(false) == nil {
			return fmt.Errorf("a server that was stopped answered")
		}
		return nil
	case "stop": // the connections break
		server.Stop()
		return nil
	case "drain": // the clients are told to go away
		server.GracefulStop()
		return nil
	case "close":
		return conn.Close()
	}
	return fmt.Errorf("no command %q", command)
}

func main() {
	out := json.NewEncoder(os.Stdout)
	out.Encode(reply{"go": runtime.Version(), "pid": os.Getpid(), "grpc": grpc.Version})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := run(lines.Text()); err != nil {
			out.Encode(reply{"error": err.Error()})
		} else {
			out.Encode(account())
		}
	}
}
