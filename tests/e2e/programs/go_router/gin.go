// SPDX-License-Identifier: Apache-2.0

//go:build gin

package main

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

func router() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	one := func(c *gin.Context) { handle(c.Writer, c.Request, c.FullPath()) }
	items := engine.Group("/items")
	items.GET("/:id", one)
	items.POST("/:id", one)
	items.DELETE("/:id", one)
	engine.Any("/users/:user/orders/:order", one)
	engine.GET("/health", one)
	engine.HEAD("/health", one)
	engine.GET("/files/*path", one)
	engine.Group(long).GET("/:kind/parts/:number", one)
	engine.NoRoute(func(c *gin.Context) { missed(c.Writer, c.Request) })
	return engine
}
