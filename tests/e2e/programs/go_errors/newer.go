// SPDX-License-Identifier: Apache-2.0

//go:build go1.20

package main

import (
	"errors"
	"fmt"
)

// Several errors in one, since Go 1.20.

type severalErrors []error

func (e severalErrors) Error() string   { return "several" }
func (e severalErrors) Unwrap() []error { return e }

var newerWrappers = []func(error) error{
	func(err error) error { return errors.Join(err, errors.New("second")) },
	func(err error) error { return fmt.Errorf("two: %w, %w", err, errors.New("second")) },
	func(err error) error { return severalErrors{err, errors.New("second")} },
}
