// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// What grpc-go tries again by itself.
const policy = `{"methodConfig": [{"name": [{"service": "shop.v1.Service5"}], "retryPolicy": {
	"maxAttempts": 4, "initialBackoff": "0.005s", "maxBackoff": "0.005s", "backoffMultiplier": 1,
	"retryableStatusCodes": ["UNAVAILABLE"]}}]}`

// again is an interceptor that calls once more if a call fails, and answers for one method by itself. Each call that
// it makes is one.
func (a *account) again(ctx context.Context, method string, request, answer interface{}, connection *grpc.ClientConn,
	invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	if method == "/shop.v1.Service6/DoThing30" {
		return nil
	}
	var err error
	for try := 0; try < 2; try++ {
		err = invoke(ctx, method, request, answer, connection, options...)
		a.add(fmt.Sprintf("%s %d", method[1:], status.Code(err)), 0)
		if err == nil {
			break
		}
	}
	return err
}

// retry makes calls of which some are tried again: by grpc-go, until they succeed (after one attempt,
// two or three) or to no avail; by an interceptor.
func retry(address string, each int) (interface{}, error) {
	made := newAccount()
	connection, err := dial(address, grpc.WithDefaultServiceConfig(policy), grpc.WithChainUnaryInterceptor(made.again,
		func(ctx context.Context, method string, request, answer interface{}, connection *grpc.ClientConn,
			invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
			return invoke(ctx, method, request, answer, connection, options...)
		}))
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	for i := 0; i < each; i++ {
		for _, call := range [][2]string{
			{"/shop.v1.Service5/DoThing00", "retry 0"}, {"/shop.v1.Service5/DoThing01", "retry 1"},
			{"/shop.v1.Service5/DoThing02", "retry 2"}, {"/shop.v1.Service5/DoThing03", "retry 9"},
			{"/shop.v1.Service6/DoThing04", "5 0 0"}, {"/shop.v1.Service6/DoThing30", "0 0 0"},
		} {
			connection.Invoke(context.Background(), call[0], wrapperspb.String(call[1]), new(wrapperspb.StringValue))
		}
	}
	return made.answer(), nil
}

// rejected makes calls of all methods, some of which the server's tap handle does not let pass.
func rejected(address string, calls int) (interface{}, error) {
	connection, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	made := newAccount()
	for i := 0; i < calls; i++ {
		method := fmt.Sprintf("/%s/%s", serviceName(i%services), methodName(i%methods))
		err := connection.Invoke(context.Background(), method, wrapperspb.String("0 0 0"), new(wrapperspb.StringValue))
		made.add(fmt.Sprintf("%s %d", method[1:], status.Code(err)), 0)
	}
	return made.answer(), nil
}

// What `hang` has begun: its connection, how its calls end, and how many have not ended.
var (
	hanging  net.Conn
	hung     = newAccount()
	hangings sync.WaitGroup
)

// hang makes streams and unary calls that do not end by themselves, `each` of both.
func hang(address string, each int) (interface{}, error) {
	connection, err := dial(address, grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
		dialed, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			hanging = dialed
		}
		return dialed, err
	}))
	if err != nil {
		return nil, err
	}
	desc := &grpc.StreamDesc{StreamName: "Both", ClientStreams: true, ServerStreams: true}
	for i := 0; i < each; i++ {
		s, err := connection.NewStream(context.Background(), desc, "/"+serviceName(0)+"/Both")
		if err != nil {
			return nil, err
		}
		if err := s.SendMsg(wrapperspb.String("wait")); err != nil {
			return nil, err
		}
		hangings.Add(2)
		go func() {
			defer hangings.Done()
			err := s.RecvMsg(new(wrapperspb.StringValue))
			hung.add(fmt.Sprintf("%s/Both %d", serviceName(0), status.Code(err)), 0)
		}()
		go func() {
			defer hangings.Done()
			err := connection.Invoke(context.Background(), "/shop.v1.Service1/DoThing01", wrapperspb.String("wait"), new(wrapperspb.StringValue))
			hung.add(fmt.Sprintf("shop.v1.Service1/DoThing01 %d", status.Code(err)), 0)
		}()
	}
	return map[string]string{}, nil
}

// reset cuts the connection off, if that has not been done, and tells how the calls have ended.
func reset() (interface{}, error) {
	if err := hanging.(*net.TCPConn).SetLinger(0); err == nil {
		hanging.Close()
	}
	hangings.Wait()
	return hung.answer(), nil
}
