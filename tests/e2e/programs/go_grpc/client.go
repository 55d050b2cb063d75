// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Codes and how many of 100 calls have them.
var mix = []struct {
	code   codes.Code
	weight int
}{
	{codes.OK, 80}, {codes.NotFound, 6}, {codes.InvalidArgument, 4}, {codes.Unavailable, 3},
	{codes.Internal, 3}, {codes.Unknown, 2}, {codes.PermissionDenied, 1}, {codes.ResourceExhausted, 1},
}

// dial makes a channel; addresses that begin with `tls:` are those of a handler of net/http's server.
func dial(address string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	security := grpc.WithInsecure()
	if strings.HasPrefix(address, "tls:") {
		security = grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{InsecureSkipVerify: true}))
	}
	return grpc.Dial(strings.TrimPrefix(address, "tls:"), append(options, security)...)
}

// drive makes unary calls of all methods in turn, with the mix of codes, and counts what the
// client sees. Each call makes the server throw away so many bytes.
func drive(address string, calls, workers, garbage int) (interface{}, error) {
	connection, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	made := newAccount()
	err = together(calls, workers, func(i int, random *rand.Rand) error {
		code, at := codes.OK, random.Intn(100)
		for _, each := range mix {
			if code, at = each.code, at-each.weight; at < 0 {
				break
			}
		}
		method := fmt.Sprintf("/%s/%s", serviceName(i/methods%services), methodName(i%methods))
		order := wrapperspb.String(fmt.Sprintf("%d %d %d", code, 5000+random.Intn(5000), garbage))
		begun := time.Now()
		err := connection.Invoke(context.Background(), method, order, new(wrapperspb.StringValue))
		made.add(fmt.Sprintf("%s %d", method[1:], status.Code(err)), time.Since(begun))
		if status.Code(err) != code {
			return fmt.Errorf("%s: %v instead of %v", method, err, code)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return made.answer(), nil
}

// load makes calls for so long, one after the other by each worker; the answer says how many.
func load(address string, duration time.Duration, workers int) (interface{}, error) {
	connection, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	counts, failed := make([]int, workers), make(chan error, workers)
	end := time.Now().Add(duration)
	var group sync.WaitGroup
	for worker := range counts {
		group.Add(1)
		go func(count *int) {
			defer group.Done()
			for time.Now().Before(end) {
				err := connection.Invoke(context.Background(), "/shop.v1.Service3/DoThing07", wrapperspb.String("0 0 0"), new(wrapperspb.StringValue))
				if err != nil {
					failed <- err
					return
				}
				*count++
			}
		}(&counts[worker])
	}
	group.Wait()
	select {
	case err := <-failed:
		return nil, err
	default:
	}
	total := 0
	for _, count := range counts {
		total += count
	}
	return map[string]int{"requests": total}, nil
}

// die makes calls whose goroutines end in the middle of them: none is answered.
func die(address string, calls, workers int) (interface{}, error) {
	connection, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	answered := make(chan int, workers)
	for worker := 0; worker < workers; worker++ {
		go func(worker int) {
			count := 0
			for i := worker; i < calls; i += workers {
				ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
				err := connection.Invoke(ctx, "/shop.v1.Service4/DoThing04", wrapperspb.String("exit"), new(wrapperspb.StringValue))
				cancel()
				if status.Code(err) != codes.DeadlineExceeded {
					count++
				}
			}
			answered <- count
		}(worker)
	}
	total := 0
	for worker := 0; worker < workers; worker++ {
		total += <-answered
	}
	return map[string]int{"answered": total}, nil
}

// converse opens one stream, sends the orders, and receives all answers.
func converse(connection *grpc.ClientConn, kind string, orders []string) error {
	desc := &grpc.StreamDesc{StreamName: kind, ClientStreams: kind != "Down", ServerStreams: kind != "Up"}
	s, err := connection.NewStream(context.Background(), desc, "/"+serviceName(0)+"/"+kind)
	if err != nil {
		return err
	}
	for _, order := range orders {
		if err := s.SendMsg(wrapperspb.String(order)); err != nil && err != io.EOF {
			return err
		}
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	for {
		if err := s.RecvMsg(new(wrapperspb.StringValue)); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		} else if kind == "Up" {
			return nil // the one answer of a stream like this ends it
		}
	}
}

// streams opens streams of each kind, of which every fifth fails.
func streams(address string, each int) (interface{}, error) {
	connection, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	made := newAccount()
	for _, kind := range []string{"Up", "Down", "Both"} {
		for i := 0; i < each; i++ {
			orders := map[string][]string{
				"Up": {"0 2000"}, "Down": {"many 0 2000"}, "Both": {"0 1000", "0 1000", "0 1000"},
			}[kind]
			if i%5 == 4 {
				orders = []string{fmt.Sprintf("%d 2000", codes.NotFound)}
			}
			begun := time.Now()
			err := converse(connection, kind, orders)
			made.add(fmt.Sprintf("%s/%s %d", serviceName(0), kind, status.Code(err)), time.Since(begun))
		}
	}
	return made.answer(), nil
}

// odd makes calls that do not end as usual.
func odd(address string) (interface{}, error) {
	connection, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	made := newAccount()
	add := func(method string, err error) {
		made.add(fmt.Sprintf("%s %d", method[1:], status.Code(err)), 0)
	}
	for i := 0; i < 20; i++ {
		for _, method := range []string{"/shop.v1.Service0/NoSuchThing", fmt.Sprintf("/no.such.Service%d/M", i)} {
			add(method, connection.Invoke(context.Background(), method, wrapperspb.String(""), new(wrapperspb.StringValue)))
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		add("/shop.v1.Service1/DoThing00", connection.Invoke(ctx, "/shop.v1.Service1/DoThing00", wrapperspb.String("0 200000"), new(wrapperspb.StringValue)))
		cancel()
	}
	// Nobody listens on port 1.
	nobody, err := dial("127.0.0.1:1")
	if err != nil {
		return nil, err
	}
	defer nobody.Close()
	for i := 0; i < 20; i++ {
		add("/shop.v1.Service2/DoThing00", nobody.Invoke(context.Background(), "/shop.v1.Service2/DoThing00", wrapperspb.String(""), new(wrapperspb.StringValue)))
	}
	return made.answer(), nil
}

// hold opens many streams at once and ends them by closing the connections under them.
func hold(address string, count int) (interface{}, error) {
	const perConnection = 10000
	desc := &grpc.StreamDesc{StreamName: "Both", ClientStreams: true, ServerStreams: true}
	var connections []*grpc.ClientConn
	defer func() {
		for _, connection := range connections {
			connection.Close()
		}
	}()
	for opened := 0; opened < count; opened++ {
		if opened%perConnection == 0 {
			connection, err := dial(address)
			if err != nil {
				return nil, err
			}
			connections = append(connections, connection)
		}
		s, err := connections[len(connections)-1].NewStream(context.Background(), desc, "/"+serviceName(0)+"/Both")
		if err != nil {
			return nil, err
		}
		if err := s.SendMsg(wrapperspb.String("wait")); err != nil {
			return nil, err
		}
	}
	return map[string]int{"opened": count}, nil
}
