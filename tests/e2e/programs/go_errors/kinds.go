// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"syscall"
)

type pointerError struct{ text string }

func (e *pointerError) Error() string { return e.text }

type valueError struct {
	text string
	code int
}

func (e valueError) Error() string { return e.text }

type textError string

func (e textError) Error() string { return string(e) }

type numberError int

func (e numberError) Error() string { return strconv.Itoa(int(e)) }

type emptyError struct{}

func (emptyError) Error() string { return "empty" }

// Wrappers of the program's own.

type pointerWrapper struct {
	code    int
	text    string
	Wrapped error
}

func (e *pointerWrapper) Error() string { return e.text }
func (e *pointerWrapper) Unwrap() error { return e.Wrapped }

type valueWrapper struct{ error }

func (e valueWrapper) Unwrap() error { return e.error }

// Two fields could be the wrapped one.
type twofoldWrapper struct {
	first error
	err   error
}

func (e *twofoldWrapper) Error() string { return "twofold" }
func (e *twofoldWrapper) Unwrap() error { return e.err }

// A chain that comes back to itself.
type circle struct{ next error }

func (e *circle) Error() string { return "circle" }
func (e *circle) Unwrap() error { return e.next }

func newCircle() error {
	first := &circle{}
	second := &circle{first}
	first.next = second
	return first
}

func errorMakers() []func() error {
	return []func() error{
		func() error { return errors.New("plain") },
		func() error { return &pointerError{"p"} },
		func() error { return valueError{"v", 1} },
		func() error { return textError("t") },
		func() error { return numberError(7) },
		func() error { return emptyError{} },
		func() error { return syscall.ECONNREFUSED },
		func() error { return context.DeadlineExceeded },
		func() error { return &net.DNSError{Err: "no such host", Name: "x"} },
		func() error { return &net.AddrError{Err: "bad", Addr: "x"} },
		func() error { return net.UnknownNetworkError("x") },
		func() error { return &strconv.NumError{Func: "f", Num: "n", Err: strconv.ErrSyntax} },
		newCircle,
	}
}

func errorWrappers() []func(error) error {
	wrappers := []func(error) error{
		func(err error) error { return fmt.Errorf("wrapped: %w", err) },
		func(err error) error { return &pointerWrapper{1, "w", err} },
		func(err error) error { return valueWrapper{err} },
		func(err error) error { return &twofoldWrapper{errors.New("first"), err} },
		func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} },
		func(err error) error { return &url.Error{Op: "Get", URL: "x", Err: err} },
		func(err error) error { return &os.PathError{Op: "open", Path: "x", Err: err} },
		func(err error) error { return os.NewSyscallError("connect", err) },
	}
	return append(wrappers, newerWrappers...)
}
