// SPDX-License-Identifier: Apache-2.0

//go:build echo

package main

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

func router() http.Handler {
	e := echo.New()
	one := func(c echo.Context) error {
		handle(c.Response(), c.Request(), c.Path())
		return nil
	}
	items := e.Group("/items")
	items.GET("/:id", one)
	items.POST("/:id", one)
	items.DELETE("/:id", one)
	e.Any("/users/:user/orders/:order", one)
	e.GET("/health", one)
	e.HEAD("/health", one)
	e.GET("/files/*", one)
	e.Group(long).GET("/:kind/parts/:number", one)
	e.HTTPErrorHandler = func(err error, c echo.Context) { missed(c.Response(), c.Request()) }
	return e
}
