// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"google.golang.org/grpc/grpclog"
)

// grpc-go's own log, of which only the states of channels are kept: "Channel Connectivity change to
// READY". Those of their subchannels are spelled "Subchannel …".
type stateLog struct {
	grpclog.LoggerV2
	mutex  sync.Mutex
	states map[string]int
}

var logged = &stateLog{LoggerV2: grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard),
	states: map[string]int{}}

func (l *stateLog) add(text string) {
	const what = "Channel Connectivity change to "
	at := strings.Index(text, what)
	if at < 0 {
		return
	}
	state := strings.Trim(text[at+len(what):], " \n")
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.states[strings.ToLower(state)]++
}

func (l *stateLog) Info(args ...interface{})                 { l.add(fmt.Sprint(args...)) }
func (l *stateLog) Infoln(args ...interface{})               { l.add(fmt.Sprintln(args...)) }
func (l *stateLog) Infof(format string, args ...interface{}) { l.add(fmt.Sprintf(format, args...)) }

func (l *stateLog) counts() map[string]int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	counts := map[string]int{}
	for state, count := range l.states {
		counts[state] = count
	}
	return counts
}
