// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Errors of handlers: pointers and values, statuses, wrapped ones.

type missing struct{ what string }

func (e *missing) Error() string { return e.what + " is missing" }

type refused struct{ code int }

func (e refused) Error() string { return "refused" }

type annotated struct {
	text  string
	cause error
}

func (e *annotated) Error() string { return e.text }
func (e *annotated) Unwrap() error { return e.cause }

var failures = []func() error{
	func() error { return errors.New("plain") },
	func() error { return &missing{"it"} },
	func() error { return refused{3} },
	func() error { return status.Error(codes.NotFound, "not here") },
	func() error { return status.Error(codes.Unavailable, "not now") },
	func() error { return fmt.Errorf("first: %w", &missing{"it"}) },
	func() error { return fmt.Errorf("second: %w", fmt.Errorf("first: %w", refused{3})) },
	func() error { return &annotated{"note", &annotated{"note", &missing{"it"}}} },
	func() error { return context.DeadlineExceeded },
	func() error { return fmt.Errorf("late: %w", context.DeadlineExceeded) },
	func() error { return context.Canceled },
	func() error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	},
	func() error { return fmt.Errorf("wrapped: %w", status.Error(codes.AlreadyExists, "again")) },
}

// fail calls a method that fails in every way, n times in all; the answer says which error the
// handler returned (its type and the type at its root) and which code has come of it.
func fail(address string, n int) (interface{}, error) {
	connection, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	counts := map[string]int{}
	for i := 0; i < n; i++ {
		kind := i % len(failures)
		err := failures[kind]()
		root := err
		for next := errors.Unwrap(root); next != nil; next = errors.Unwrap(root) {
			root = next
		}
		order := wrapperspb.String(fmt.Sprintf("%d 0 0", -1-kind))
		seen := connection.Invoke(context.Background(), "/shop.v1.Service4/DoThing04", order, new(wrapperspb.StringValue))
		counts[fmt.Sprintf("%T %T %d %T", err, root, status.Code(seen), seen)]++
	}
	return map[string]interface{}{"counts": counts}, nil
}
