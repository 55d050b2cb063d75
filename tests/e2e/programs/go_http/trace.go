// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	mathrand "math/rand"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// trace makes requests, each with headers of its own, and tells of all of them.
func trace(scheme, address string, requests, workers int, headers string) (interface{}, error) {
	transport := ways[scheme](workers)
	defer transport.CloseIdleConnections()
	server := serverURL(scheme, address)
	return traceAll(requests, workers, func(i int, random *mathrand.Rand, made *traced) error {
		return traceOne(transport, server, pick(random), sleeps[i%len(sleeps)]+random.Intn(spread), headers, made)
	})
}

func traceOne(transport transport, server string, k kind, us int, headers string, made *traced) error {
	code, expected := k.code, k.code
	switch code {
	case 0:
		expected = 200
	case -1:
		expected, code, us = 404, 0, 0 // no handler is called
	}
	made.Key = fmt.Sprintf("%s %s %d", k.method, k.path, expected)
	made.Least = float64(us) / 1e6
	query := url.Values{"key": {made.Key}, "code": {fmt.Sprint(code)}, "us": {fmt.Sprint(us)}}
	request, err := http.NewRequest(k.method, server+strings.Replace(k.path, "%d", "4711", 1)+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	for name, value := range identify(headers, made) {
		request.Header.Set(name, value)
	}
	begun := time.Now()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	made.Seconds = time.Since(begun).Seconds()
	if response.StatusCode != expected {
		return fmt.Errorf("%s: status %d", made.Key, response.StatusCode)
	}
	return nil
}
