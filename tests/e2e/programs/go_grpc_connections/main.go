// SPDX-License-Identifier: Apache-2.0

// A gRPC client and its servers in one process, whose connections the tests drive. Its own account of
// the client's channel is what WaitForStateChange says, with GetState at each change, and what
// grpc-go itself logs of it: transitions that follow each other at once can be missed by the first.
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
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"
)

type reply map[string]interface{}

var (
	mutex       sync.Mutex
	transitions = map[string]int{}
	current     connectivity.State
	dials       int
	conn        *grpc.ClientConn
	backends    []*backend
)

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

// A channel to the first server.
func connect(more ...grpc.DialOption) error {
	return open(backends[0].address, more...)
}

// A channel that takes turns between all servers.
func balance() error {
	var addresses []resolver.Address
	for _, b := range backends {
		addresses = append(addresses, resolver.Address{Addr: b.address})
	}
	all := manual.NewBuilderWithScheme("all")
	all.InitialState(resolver.State{Addresses: addresses})
	return open("all:///", grpc.WithResolvers(all),
		grpc.WithDefaultServiceConfig(`{"loadBalancingPolicy":"round_robin"}`))
}

func open(target string, more ...grpc.DialOption) error {
	options := append([]grpc.DialOption{grpc.WithInsecure(), grpc.WithContextDialer(dial),
		grpc.WithConnectParams(quick)}, more...)
	c, err := grpc.Dial(target, options...)
	if err != nil {
		return err
	}
	conn = c
	go watch(c)
	return call(true)
}

// Who waits gets an answer from whichever server has one: a call can meet one that is just ending.
func call(wait bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		_, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{}, grpc.WaitForReady(wait))
		if !wait || status.Code(err) != codes.Unavailable {
			return err
		}
	}
}

func account() reply {
	mutex.Lock()
	defer mutex.Unlock()
	counts := map[string]int{}
	for state, count := range transitions {
		counts[state] = count
	}
	open, closed := 0, 0
	for _, b := range backends {
		b.accepted.mutex.Lock()
		open += len(b.accepted.open)
		closed += b.accepted.closed
		b.accepted.mutex.Unlock()
	}
	return reply{"transitions": counts, "logged": logged.counts(), "state": strings.ToLower(current.String()),
		"dials": dials, "server_open": open, "server_closed": closed}
}

// A command, and which server it is about: the first unless told.
func run(line string) error {
	words := strings.Fields(line)
	which := 0
	if len(words) > 1 {
		number, err := strconv.Atoi(words[1])
		if err != nil {
			return err
		}
		which = number
	}
	switch words[0] {
	case "account":
		return nil
	case "serve":
		for len(backends) <= which {
			backends = append(backends, newBackend())
		}
		return backends[which].serve()
	case "connect":
		return connect()
	case "connect-idling":
		return connect(idleTimeout...)
	case "balance":
		return balance()
	case "call":
		return call(true)
	case "fail": // nobody listens
		if call(false) == nil {
			return fmt.Errorf("a server that was stopped answered")
		}
		return nil
	case "stop": // the connections break
		backends[which].server.Stop()
		return nil
	case "drain": // the clients are told to go away
		backends[which].server.GracefulStop()
		return nil
	case "close":
		return conn.Close()
	}
	return fmt.Errorf("no command %q", words[0])
}

func main() {
	grpclog.SetLoggerV2(logged)
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
