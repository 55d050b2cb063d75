# SPDX-License-Identifier: Apache-2.0
"""Which fields of which structs are wanted: what scripts/go-offsets puts into the table.

A line is a struct type (or, where its type has no name, the name it has in other releases) and the
paths of its fields. A field that a release does not have has no row for that release. Lines may be
added freely: the table grows, and `holter::golang::Offsets` finds them by their full name.
"""

STD = """
runtime.mstats              last_gc_unix pause_total_ns pause_ns pause_end numgc numforcedgc gc_cpu_fraction enablegc
runtime.gcControllerState   gcPercent memoryLimit heapMinimum heapGoal gcPercentHeapGoal sweepDistMinTrigger triggered
                            runway heapLive heapMarked heapInUse heapReleased heapFree totalAlloc totalFree mappedReady
                            lastHeapGoal
runtime.workType            cycles tSweepTerm tMark tMarkTerm tEnd pauseNS pauseStart heap0 heap1 heap2 heapGoal totaltime
                            maxprocs userForced
                            cpuStats.GCAssistTime cpuStats.GCDedicatedTime cpuStats.GCIdleTime cpuStats.GCPauseTime
                            cpuStats.GCTotalTime cpuStats.ScavengeAssistTime cpuStats.ScavengeBgTime
                            cpuStats.ScavengeTotalTime cpuStats.IdleTime cpuStats.UserTime cpuStats.TotalTime
                            cpuStats.gcAssistTime cpuStats.gcDedicatedTime cpuStats.gcIdleTime cpuStats.gcPauseTime
                            cpuStats.gcTotalTime cpuStats.scavengeAssistTime cpuStats.scavengeBgTime
                            cpuStats.scavengeTotalTime cpuStats.idleTime cpuStats.userTime cpuStats.totalTime
runtime.schedt              lock goidgen ngsys gFree.n gFree.stack.size gFree.noStack.size nmsys mnext nmfreed
                            runqsize stwTotalTimeGC stwTotalTimeOther stwStoppingTimeGC
                            goroutinesCreated idleTime totalMutexWaitTime
runtime.p                   id status m gFree.n gFree.size
runtime.g                   stack.lo stack.hi _panic _defer m sched.sp sched.pc sched.bp atomicstatus goid waitreason
                            parentGoid gopc startpc
runtime.m                   g0 procid curg p id preemptoff locks
runtime._panic              arg link recovered goexit
runtime.timeHistogram       counts underflow overflow
runtime.moduledata          pcHeader funcnametab cutab filetab pctab pclntable ftab findfunctab minpc maxpc text etext
                            noptrdata data bss rodata gofunc types etypes typedesclen itaboffset itablinks textsectmap
                            typelinks modulename next
runtime.hmap                count B buckets oldbuckets
internal/runtime/maps.Map   used dirPtr dirLen
net/http.Request            Method URL Proto ProtoMajor Header Host RemoteAddr RequestURI TLS Response Pattern ctx pat
net/http.pattern            str
net/http.Response           StatusCode ProtoMajor Header
net/http.response           conn req reqBody wroteHeader handlerHeader written contentLength status handlerDone
net/http.connReader         conn
net/http.conn               server rwc remoteAddr tlsState werr lastMethod curReq curState hijackedv
net/http.Server             Addr Handler activeConn listeners
net/http.Transport          idleConn idleConnWait idleLRU idleLRU.m connsPerHost connsPerHostWait DisableKeepAlives MaxIdleConns
                            MaxIdleConnsPerHost MaxConnsPerHost IdleConnTimeout
net/http.connLRU            ll m
net/http.persistConn        alt t cacheKey.proxy cacheKey.scheme cacheKey.addr conn tlsState nwrite isProxy sawEOF
                            idleAt numExpectedResponses closed broken reused
net/http.connectMethod      proxyURL targetScheme targetAddr onlyH1
net/http.connectMethodKey   proxy scheme addr onlyH1
net/http.wantConn           cm.targetScheme cm.targetAddr key.proxy key.scheme key.addr key.onlyH1 ctx done pc err
net/http.transportRequest   Request
net/http.timeoutWriter      w req wroteHeader code
net/http.http2serverConn    srv hs conn tlsState remoteAddrStr clientMaxStreams advMaxStreams curClientStreams
                            curHandlers streams
net/http.http2stream        sc id state
net/http.http2responseWriter        rws
net/http.http2responseWriterState   stream req conn handlerHeader status wroteHeader sentHeader handlerDone wroteBytes
net/http.http2ClientConn    tconn tlsState closed goAway streams nextStreamID
net/http/internal/http2.serverConn   srv hs conn tlsState remoteAddrStr clientMaxStreams advMaxStreams curClientStreams
                            curHandlers streams
net/http/internal/http2.stream       sc id state
net/http/internal/http2.responseWriter        rws
net/http/internal/http2.responseWriterState   stream req conn handlerHeader status wroteHeader sentHeader handlerDone
                            wroteBytes
net/http/internal/http2.ClientResponse  StatusCode
net/http/internal/http2.ServerRequest   Method URL Header Host RemoteAddr RequestURI
net/http.http2clientConnReadLoop               cc
net/http/internal/http2.clientConnReadLoop     cc
net/http/internal/http2.ClientConn   tconn tlsState closed goAway streams nextStreamID
net/url.URL                 Scheme Host Path RawPath RawQuery
net/url.Error               Op URL Err
net.OpError                 Op Net Source Addr Err
net.DNSError                Err Name Server IsTimeout IsTemporary IsNotFound
net.conn                    fd
net.netFD                   pfd family sotype laddr raddr isConnected
net.TCPAddr                 IP Port Zone
internal/poll.FD            fdmu.state Sysfd
os.SyscallError             Syscall Err
io/fs.PathError             Op Path Err
errors.errorString          s
errors.joinError            errs
fmt.wrapError               msg err
fmt.wrapErrors              msg errs
context.cancelCtx           Context done err cause
context.timerCtx            cancelCtx deadline
context.valueCtx            Context key val
crypto/tls.Config           ServerName
crypto/tls.Conn             config conn isClient handshakeErr vers cipherSuite serverName clientProtocol
crypto/tls.CertificateVerificationError   Err
database/sql.DB             waitDuration connector numClosed freeConn connRequests numOpen closed maxIdleCount maxOpen
                            maxLifetime maxIdleTime waitCount maxIdleClosed maxIdleTimeClosed maxLifetimeClosed
database/sql.driverConn     db ci inUse closed finalClosed
log/slog.Logger             handler
"""
# Structs that have no name in some releases: variable -> the name its type has in others.
STD_BY_VARIABLE = {"runtime.work": "runtime.workType"}

GRPC = """
google.golang.org/grpc/internal/transport.Stream         id st ctx method state trReader
google.golang.org/grpc/internal/transport.ServerStream   Stream st ctxDone Stream.ctx Stream.method Stream.state Stream.id
google.golang.org/grpc/internal/transport.ClientStream   Stream ct status Stream.ctx Stream.method Stream.state
google.golang.org/grpc/internal/transport.http2Server    conn remoteAddr peer maxStreamID state activeStreams connectionID
google.golang.org/grpc/internal/transport.http2Client    conn remoteAddr nextID state activeStreams goAwayReason
google.golang.org/grpc/internal/transport.Options        Last
google.golang.org/grpc/internal/transport.WriteOptions   Last
google.golang.org/grpc/internal/transport.CallHdr        Host Method
google.golang.org/grpc/internal/transport.ConnectionError   Desc temp err
google.golang.org/grpc.clientStream                      callHdr cc desc ctx attempt finished committed mu
google.golang.org/grpc.csAttempt                         cs t transport s transportStream finished
google.golang.org/grpc.ClientConn                        target parsedTarget authority csMgr conns
google.golang.org/grpc.addrConn                          cc acbw transport curAddr addrs state
google.golang.org/grpc.connectivityStateManager          mu state channelz channelzID
google.golang.org/grpc.Server                            lis conns services drain quit
google.golang.org/grpc.StreamDesc                        StreamName Handler ServerStreams ClientStreams
google.golang.org/grpc.MethodDesc                        MethodName Handler
google.golang.org/grpc/internal/status.Error             e s
google.golang.org/grpc/internal/status.Status            s
google.golang.org/genproto/googleapis/rpc/status.Status  Code Message Details
google.golang.org/grpc/resolver.Address                  Addr ServerName
"""

X_NET = """
golang.org/x/net/http2.serverConn            srv hs conn tlsState remoteAddrStr clientMaxStreams advMaxStreams
                                             curClientStreams curHandlers streams
golang.org/x/net/http2.stream                sc id state
golang.org/x/net/http2.responseWriter        rws
golang.org/x/net/http2.responseWriterState   stream req conn handlerHeader status wroteHeader sentHeader handlerDone
                                             wroteBytes
golang.org/x/net/http2.ClientConn            tconn tlsState closed goAway streams nextStreamID
golang.org/x/net/http2.FrameHeader           StreamID Length Type Flags
golang.org/x/net/http2.HeadersFrame          FrameHeader
golang.org/x/net/http2.MetaHeadersFrame      HeadersFrame Fields Truncated
golang.org/x/net/http2/hpack.HeaderField     Name Value Sensitive
golang.org/x/net/http2.GoAwayFrame           LastStreamID ErrCode
"""

GIN = """
github.com/gin-gonic/gin.Context   fullPath
"""

CHI = """
github.com/go-chi/chi/v5.Context   RoutePatterns
"""

ECHO = """
github.com/labstack/echo/v4.context   path
"""

GORILLA = """
github.com/gorilla/mux.Route         routeConf.regexp.path
github.com/gorilla/mux.routeRegexp   template
"""
