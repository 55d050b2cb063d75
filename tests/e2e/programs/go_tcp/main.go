// SPDX-License-Identifier: Apache-2.0

// A Go process that opens, accepts and closes TCP connections on command, and counts them itself.
//
// Commands and answers are those of go_gc: one line in, one line of JSON out, the end of standard
// input is the end. Everything it does with sockets is spelled out by the test, so that both sides of
// a comparison are known to the last connection.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type reply map[string]interface{}

// What is held, in the order in which it was opened.
type pile struct {
	sync.Mutex
	held []net.Conn
}

func (p *pile) add(c net.Conn) {
	p.Lock()
	p.held = append(p.held, c)
	p.Unlock()
}

// Takes the newest n, or all.
func (p *pile) take(n int) []net.Conn {
	p.Lock()
	defer p.Unlock()
	if n < 0 || n > len(p.held) {
		n = len(p.held)
	}
	rest := len(p.held) - n
	taken := p.held[rest:]
	p.held = p.held[:rest:rest]
	return taken
}

func (p *pile) size() int {
	p.Lock()
	defer p.Unlock()
	return len(p.held)
}

var (
	listeners []net.Listener
	dialed    pile // by us
	accepted  pile // from our listeners, when they are to be kept
	counts    struct{ accepted, served, dialed, failed int64 }
	idle      []int // listening sockets that nobody accepts from
)

// Echoes until the client is done, then closes.
func serve(c net.Conn) {
	defer c.Close()
	buffer := make([]byte, 512)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			break
		}
		if _, err = c.Write(buffer[:n]); err != nil {
			break
		}
	}
	atomic.AddInt64(&counts.served, 1)
}

func accept(l net.Listener, keep bool) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		atomic.AddInt64(&counts.accepted, 1)
		if keep {
			accepted.add(c)
		} else {
			go serve(c)
		}
	}
}

func reusePort(network, address string, c syscall.RawConn) error {
	const soReusePort = 15
	var err error
	if controlled := c.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, soReusePort, 1)
	}); controlled != nil {
		return controlled
	}
	return err
}

// Listens; `mode` is serve (echo until the end), keep (never read from), or hold (not even accept: that
// is for others).
func listen(address, mode string) (reply, error) {
	l, err := listenConfig().Listen(background, "tcp", address)
	if err != nil {
		return nil, err
	}
	listeners = append(listeners, l)
	if mode != "hold" {
		go accept(l, mode == "keep")
	}
	return reply{"port": l.Addr().(*net.TCPAddr).Port}, nil
}

// Listens without ever accepting.
func listenIdle(backlog int) (reply, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return nil, err
	}
	if err := syscall.Listen(fd, backlog); err != nil {
		return nil, err
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return nil, err
	}
	idle = append(idle, fd)
	return reply{"port": name.(*syscall.SockaddrInet4).Port}, nil
}

func kindOf(err error) string {
	for text, kind := range map[error]string{
		syscall.ECONNREFUSED: "refused", syscall.ECONNRESET: "reset", syscall.ETIMEDOUT: "timeout",
		syscall.EHOSTUNREACH: "unreachable", syscall.ENETUNREACH: "unreachable",
		syscall.EADDRNOTAVAIL: "no_local_port",
	} {
		if errors.Is(err, text) {
			return kind
		}
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "aborted"
	}
	return err.Error()
}

// n connections, so many at a time; each is kept, or used for one echo and closed.
func dial(address string, n, parallel int, timeout time.Duration, keep bool) reply {
	results := struct {
		sync.Mutex
		of map[string]int
	}{of: map[string]int{}}
	var next int64
	var workers sync.WaitGroup
	for w := 0; w < parallel; w++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for atomic.AddInt64(&next, 1) <= int64(n) {
				result := "ok"
				c, err := net.DialTimeout("tcp", address, timeout)
				if err != nil {
					result = kindOf(err)
					atomic.AddInt64(&counts.failed, 1)
				} else {
					atomic.AddInt64(&counts.dialed, 1)
					if keep {
						dialed.add(c)
					} else if err := echo(c); err != nil {
						result = "echo: " + kindOf(err)
					}
				}
				results.Lock()
				results.of[result]++
				results.Unlock()
			}
		}()
	}
	workers.Wait()
	return reply{"results": results.of}
}

func echo(c net.Conn) error {
	defer c.Close()
	if _, err := c.Write([]byte{'x'}); err != nil {
		return err
	}
	_, err := c.Read(make([]byte, 1))
	return err
}

// Closes as the program would; `reset` throws away what was not sent and says so to the peer.
func closeAll(connections []net.Conn, how string) reply {
	for _, c := range connections {
		switch tcp := c.(*net.TCPConn); how {
		case "write":
			tcp.CloseWrite()
			dialed.add(c)
		case "reset":
			tcp.SetLinger(0)
			tcp.Close()
		default:
			tcp.Close()
		}
	}
	return reply{"closed": len(connections)}
}

// Passes the newest connection of ours to whoever listens on the Unix socket.
func pass(path string, connections []net.Conn) (reply, error) {
	peer, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	defer peer.Close()
	for _, c := range connections {
		file, err := c.(*net.TCPConn).File()
		if err != nil {
			return nil, err
		}
		_, _, err = peer.WriteMsgUnix([]byte{0}, syscall.UnixRights(int(file.Fd())), nil)
		if err != nil {
			return nil, err
		}
		if _, err = peer.Read(make([]byte, 1)); err != nil {
			return nil, err
		}
		file.Close()
		c.Close()
	}
	return reply{"passed": len(connections)}, nil
}

// Receives n connections.
func receive(path string, n int) (reply, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	go func() {
		defer l.Close()
		peer, err := l.AcceptUnix()
		if err != nil {
			return
		}
		defer peer.Close()
		for i := 0; i < n; i++ {
			rights := make([]byte, syscall.CmsgSpace(4))
			_, size, _, _, err := peer.ReadMsgUnix(make([]byte, 1), rights)
			if err != nil {
				return
			}
			messages, _ := syscall.ParseSocketControlMessage(rights[:size])
			fds, _ := syscall.ParseUnixRights(&messages[0])
			file := os.NewFile(uintptr(fds[0]), "passed")
			if c, err := net.FileConn(file); err == nil {
				dialed.add(c)
			}
			file.Close()
			peer.Write([]byte{0})
		}
	}()
	return reply{}, nil
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

func obey(words []string) (reply, error) {
	switch words[0] {
	case "listen": // ADDRESS serve|keep|hold
		return listen(words[1], words[2])
	case "listen_idle": // BACKLOG
		return listenIdle(number(words[1]))
	case "listen_inherited": // FD serve|keep
		return listenInherited(number(words[1]), words[2])
	case "workers": // N: so many children of ours accept from our first listener
		return startWorkers(number(words[1]))
	case "close_listeners":
		for _, l := range listeners {
			l.Close()
		}
		listeners = nil
		return reply{}, nil
	case "dial": // ADDRESS N PARALLEL TIMEOUT_MS: keeps them
		return dial(words[1], number(words[2]), number(words[3]),
			time.Duration(number(words[4]))*time.Millisecond, true), nil
	case "short": // ADDRESS N PARALLEL
		return dial(words[1], number(words[2]), number(words[3]), 30*time.Second, false), nil
	case "close_dialed": // N plain|write|reset
		return closeAll(dialed.take(number(words[1])), words[2]), nil
	case "close_accepted":
		return closeAll(accepted.take(number(words[1])), words[2]), nil
	case "pass": // PATH N
		return pass(words[1], dialed.take(number(words[2])))
	case "receive": // PATH N
		return receive(words[1], number(words[2]))
	case "counts":
		return reply{"accepted": atomic.LoadInt64(&counts.accepted),
			"served": atomic.LoadInt64(&counts.served), "dialed": atomic.LoadInt64(&counts.dialed),
			"failed": atomic.LoadInt64(&counts.failed), "held_dialed": dialed.size(),
			"held_accepted": accepted.size(), "workers": workers}, nil
	}
	return nil, fmt.Errorf("unknown command %q", words[0])
}

func main() {
	out := json.NewEncoder(os.Stdout)
	out.Encode(reply{"go": runtime.Version(), "pid": os.Getpid()})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer, err := obey(strings.Fields(lines.Text()))
		if err != nil {
			answer = reply{"error": err.Error()}
		}
		out.Encode(answer)
	}
	stopWorkers()
}
