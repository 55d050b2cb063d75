// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	services = 7
	methods  = 31 // of each service: 217
)

var served = newAccount()

// What the handlers keep alive, so that the collector has work.
var garbage [64][]byte

func serviceName(i int) string { return fmt.Sprintf("shop.v1.Service%d", i) }
func methodName(i int) string  { return fmt.Sprintf("DoThing%02d", i) }

// work does what a request says: "CODE MICROSECONDS GARBAGE".
func work(order string) error {
	if order == "exit" { // the goroutine ends in the middle of the call
		runtime.Goexit()
	}
	var code, us, size int
	fmt.Sscanf(order, "%d %d %d", &code, &us, &size)
	time.Sleep(time.Duration(us) * time.Microsecond)
	if size > 0 {
		for i := range garbage {
			garbage[i] = make([]byte, size/len(garbage))
		}
	}
	if code == 0 {
		return nil
	}
	if code < 0 {
		return failures[-1-code]()
	}
	if code == int(codes.Unknown) {
		return fmt.Errorf("an error that is no status") // becomes UNKNOWN
	}
	return status.Error(codes.Code(code), "as asked")
}

// How many calls wait for their end.
var waiters int32

func wait(ctx context.Context) error {
	atomic.AddInt32(&waiters, 1)
	<-ctx.Done()
	return status.FromContextError(ctx.Err()).Err()
}

// previous is how often this call has been tried before, as its client says.
func previous(ctx context.Context) int {
	md, _ := metadata.FromIncomingContext(ctx)
	tries := 0
	for _, value := range md.Get("grpc-previous-rpc-attempts") {
		fmt.Sscan(value, &tries)
	}
	return tries
}

func unary(server interface{}, ctx context.Context, decode func(interface{}) error, interceptor grpc.UnaryServerInterceptor, full string) (interface{}, error) {
	in := new(wrapperspb.StringValue)
	if err := decode(in); err != nil {
		return nil, err
	}
	handler := func(ctx context.Context, request interface{}) (interface{}, error) {
		if request.(*wrapperspb.StringValue).Value == "wait" {
			return nil, wait(ctx)
		}
		var fails int
		if n, _ := fmt.Sscanf(request.(*wrapperspb.StringValue).Value, "retry %d", &fails); n == 1 && previous(ctx) < fails {
			return nil, status.Error(codes.Unavailable, "not yet")
		}
		if err := work(request.(*wrapperspb.StringValue).Value); err != nil {
			return nil, err
		}
		return wrapperspb.String("done"), nil
	}
	if interceptor == nil {
		return handler(ctx, in)
	}
	return interceptor(ctx, in, &grpc.UnaryServerInfo{Server: server, FullMethod: full}, handler)
}

// stream receives orders until the client is done, and sends one answer for each, or only one.
func stream(server interface{}, s grpc.ServerStream) error {
	for {
		in := new(wrapperspb.StringValue)
		err := s.RecvMsg(in)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if in.Value == "wait" {
			return wait(s.Context())
		}
		if err := work(strings.TrimPrefix(in.Value, "many ")); err != nil {
			return err
		}
		answers := 1
		if strings.HasPrefix(in.Value, "many ") {
			answers = 5
		}
		for i := 0; i < answers; i++ {
			if err := s.SendMsg(wrapperspb.String("done")); err != nil {
				return err
			}
		}
	}
}

func description(i int) *grpc.ServiceDesc {
	desc := &grpc.ServiceDesc{ServiceName: serviceName(i), HandlerType: (*interface{})(nil)}
	for m := 0; m < methods; m++ {
		full := "/" + serviceName(i) + "/" + methodName(m)
		desc.Methods = append(desc.Methods, grpc.MethodDesc{MethodName: methodName(m),
			Handler: func(server interface{}, ctx context.Context, decode func(interface{}) error, interceptor grpc.UnaryServerInterceptor) (interface{}, error) {
				return unary(server, ctx, decode, interceptor, full)
			}})
	}
	for _, s := range []grpc.StreamDesc{
		{StreamName: "Up", Handler: stream, ClientStreams: true},
		{StreamName: "Down", Handler: stream, ServerStreams: true},
		{StreamName: "Both", Handler: stream, ClientStreams: true, ServerStreams: true},
	} {
		desc.Streams = append(desc.Streams, s)
	}
	return desc
}

// record counts what handlers return, and measures them.
func record(method string, call func() error) error {
	begun := time.Now()
	err := call()
	served.add(fmt.Sprintf("%s %d", method[1:], status.Code(err)), 0)
	served.addHandled(time.Since(begun))
	return err
}

// collector is a stats.Handler that asks for the collector's stops, where a call begins and where it ends.
type collector struct{ of *account }

type stopsKey struct{}

type stopped struct {
	count   uint64
	seconds float64
}

func (c collector) HandleRPC(ctx context.Context, event stats.RPCStats) {
	before, ok := ctx.Value(stopsKey{}).(*stopped)
	if !ok {
		return // a name that is no method's
	}
	switch event.(type) {
	case *stats.Begin:
		before.count, before.seconds = stops()
	case *stats.End:
		c.of.addStops(before.count, before.seconds)
	}
}
func (collector) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, stopsKey{}, new(stopped))
}
func (collector) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (collector) HandleConn(context.Context, stats.ConnStats)                       {}

// reject lets no call of two services pass.
func reject(ctx context.Context, call *tap.Info) (context.Context, error) {
	switch {
	case strings.HasPrefix(call.FullMethodName, "/"+serviceName(2)+"/"):
		return nil, status.Error(codes.ResourceExhausted, "full")
	case strings.HasPrefix(call.FullMethodName, "/"+serviceName(3)+"/"):
		return nil, fmt.Errorf("an error that is no status")
	}
	return ctx, nil
}

// The server that was started last, and what it needs so that its end waits for its handlers.
var (
	running *grpc.Server
	waiting []grpc.ServerOption
)

// serve starts a server. A bare one keeps no account, one of kind gc asks the runtime for the
// collector's stops as well, one of kind tap rejects calls before they are any, and one of kind handler is a
// handler of net/http's server.
func serve(kind string) (interface{}, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	options := []grpc.ServerOption{
		grpc.UnaryInterceptor(func(ctx context.Context, request interface{}, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (answer interface{}, err error) {
			err = record(info.FullMethod, func() (err error) { answer, err = handler(ctx, request); return })
			return
		}),
		grpc.StreamInterceptor(func(server interface{}, s grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			return record(info.FullMethod, func() error { return handler(server, s) })
		}),
	}
	switch kind {
	case "bare":
		options = nil
	case "gc":
		options = append(options, grpc.StatsHandler(collector{served}))
	case "tap":
		options = append(options, grpc.InTapHandle(reject))
	}
	server := grpc.NewServer(append(options, waiting...)...)
	for i := 0; i < services; i++ {
		server.RegisterService(description(i), new(interface{}))
	}
	running = server
	if kind == "handler" {
		if err := serveHTTP(listener, server); err != nil {
			return nil, err
		}
	} else {
		go server.Serve(listener)
	}
	return map[string]string{"address": listener.Addr().String()}, nil
}
