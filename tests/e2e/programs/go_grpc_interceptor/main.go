// SPDX-License-Identifier: Apache-2.0

// A gRPC server that can count its calls by itself, with the interceptor that everybody uses and its
// histogram of durations, and can leave that off while it runs: what the interceptor costs is the
// difference. One of its methods is the one that the program go_grpc puts load on. Commands are lines on
// standard input, answers are lines of JSON.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync/atomic"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	services = 7
	methods  = 31 // of each service: 217
)

var counting atomic.Bool

func unary(server interface{}, ctx context.Context, decode func(interface{}) error, interceptor grpc.UnaryServerInterceptor, full string) (interface{}, error) {
	in := new(wrapperspb.StringValue)
	if err := decode(in); err != nil {
		return nil, err
	}
	handler := func(context.Context, interface{}) (interface{}, error) {
		return wrapperspb.String("done"), nil
	}
	if interceptor == nil || !counting.Load() {
		return handler(ctx, in)
	}
	return interceptor(ctx, in, &grpc.UnaryServerInfo{Server: server, FullMethod: full}, handler)
}

func description(i int) *grpc.ServiceDesc {
	desc := &grpc.ServiceDesc{ServiceName: fmt.Sprintf("shop.v1.Service%d", i), HandlerType: (*interface{})(nil)}
	for m := 0; m < methods; m++ {
		name := fmt.Sprintf("DoThing%02d", m)
		full := "/" + desc.ServiceName + "/" + name
		desc.Methods = append(desc.Methods, grpc.MethodDesc{MethodName: name,
			Handler: func(server interface{}, ctx context.Context, decode func(interface{}) error, interceptor grpc.UnaryServerInterceptor) (interface{}, error) {
				return unary(server, ctx, decode, interceptor, full)
			}})
	}
	return desc
}

func serve() (interface{}, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	metrics := middleware.NewServerMetrics(middleware.WithServerHandlingTimeHistogram())
	prometheus.MustRegister(metrics)
	server := grpc.NewServer(grpc.UnaryInterceptor(metrics.UnaryServerInterceptor()))
	for i := 0; i < services; i++ {
		server.RegisterService(description(i), new(interface{}))
	}
	metrics.InitializeMetrics(server)
	go server.Serve(listener)
	return map[string]string{"address": listener.Addr().String()}, nil
}

// counted is the sum of what the interceptor has counted.
func counted() (interface{}, error) {
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		return nil, err
	}
	total := 0.0
	for _, family := range families {
		if family.GetName() != "grpc_server_handled_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			total += metric.GetCounter().GetValue()
		}
	}
	return map[string]float64{"counted": total}, nil
}

func main() {
	answer := json.NewEncoder(os.Stdout)
	answer.Encode(map[string]interface{}{"go": runtime.Version()})
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		var out interface{}
		var err error
		switch commands.Text() {
		case "serve bare":
			out, err = serve()
		case "count on", "count off":
			counting.Store(commands.Text() == "count on")
			out = map[string]bool{"counting": counting.Load()}
		case "counted":
			out, err = counted()
		default:
			err = fmt.Errorf("unknown command %q", commands.Text())
		}
		if err != nil {
			out = map[string]string{"error": err.Error()}
		}
		answer.Encode(out)
	}
}
