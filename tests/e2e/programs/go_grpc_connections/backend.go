// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// A server that comes back at the same address, and counts its connections.
type backend struct {
	address  string
	server   *grpc.Server
	accepted *counting
}

func newBackend() *backend {
	return &backend{address: "127.0.0.1:0", accepted: &counting{open: map[net.Conn]bool{}}}
}

func (b *backend) serve() error {
	listener, err := net.Listen("tcp", b.address)
	if err != nil {
		return err
	}
	b.address = listener.Addr().String()
	b.accepted.Listener = listener
	b.server = grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(b.server, health.NewServer())
	go b.server.Serve(b.accepted)
	return nil
}

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
