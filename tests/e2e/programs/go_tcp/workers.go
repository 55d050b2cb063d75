// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
)

var (
	background = context.Background()
	workers    []int // PIDs
	children   []*exec.Cmd
	inputs     []io.Closer
)

func listenConfig() *net.ListenConfig {
	return &net.ListenConfig{Control: reusePort}
}

// Accepts from a listener that was open when this process began.
func listenInherited(fd int, mode string) (reply, error) {
	file := os.NewFile(uintptr(fd), "inherited")
	l, err := net.FileListener(file)
	if err != nil {
		return nil, err
	}
	file.Close()
	listeners = append(listeners, l)
	go accept(l, mode == "keep")
	return reply{"port": l.Addr().(*net.TCPAddr).Port}, nil
}

// As a preforking server does it: the parent listens, its children accept, the parent does not (nor may
// it have begun to: os/exec makes the socket blocking, and closing it would wait for the accept to end).
func startWorkers(n int) (reply, error) {
	file, err := listeners[0].(*net.TCPListener).File()
	if err != nil {
		return nil, err
	}
	for i := 0; i < n; i++ {
		child := exec.Command("/proc/self/exe")
		child.ExtraFiles = []*os.File{file}
		child.Stderr = os.Stderr
		input, err := child.StdinPipe()
		if err != nil {
			return nil, err
		}
		output, err := child.StdoutPipe()
		if err != nil {
			return nil, err
		}
		if err := child.Start(); err != nil {
			return nil, err
		}
		answers := bufio.NewReader(output)
		answers.ReadString('\n')
		fmt.Fprintln(input, "listen_inherited 3 keep")
		answers.ReadString('\n')
		workers = append(workers, child.Process.Pid)
		children = append(children, child)
		inputs = append(inputs, input)
	}
	for _, l := range listeners {
		l.Close() // ours; the socket lives on in `file` and in the children
	}
	listeners = nil
	return reply{"workers": workers}, nil
}

func stopWorkers() {
	for i, child := range children {
		inputs[i].Close()
		child.Wait()
	}
}
