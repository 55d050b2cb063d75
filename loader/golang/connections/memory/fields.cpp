// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/memory/fields.h"

namespace holter::golang {

namespace {

/// The sum of the offsets of a field and of a field inside it.
FieldOffset inside(const FieldOffset& outer, const FieldOffset& inner) {
    if (!outer || !inner)
        return std::nullopt;
    return *outer + *inner;
}

} // namespace

DescriptorFields::DescriptorFields(const Offsets& go)
    : state(inside(go.field("net.netFD.pfd"), go.field("internal/poll.FD.fdmu.state"))),
      number(inside(go.field("net.netFD.pfd"), go.field("internal/poll.FD.Sysfd"))),
      family(go.field("net.netFD.family")), type(go.field("net.netFD.sotype")),
      remote(go.field("net.netFD.raddr")) {}

HttpServerFields::HttpServerFields(const Offsets& go)
    : server_connections(go.field("net/http.Server.activeConn")),
      server(go.field("net/http.conn.server")), net_conn(go.field("net/http.conn.rwc")),
      state(go.field("net/http.conn.curState")),
      http2_net_conn(
          go.field({"net/http.http2serverConn.conn", "net/http/internal/http2.serverConn.conn"})),
      http2_streams(go.field({"net/http.http2serverConn.curClientStreams",
                              "net/http/internal/http2.serverConn.curClientStreams"})) {}

HttpClientFields::HttpClientFields(const Offsets& go)
    : idle(go.field("net/http.Transport.idleLRU.m")), transport(go.field("net/http.persistConn.t")),
      alternative(go.field("net/http.persistConn.alt")),
      address(go.field("net/http.persistConn.cacheKey.addr")),
      closed(go.field("net/http.persistConn.closed")),
      net_conn(go.field("net/http.persistConn.conn")),
      http2_net_conn(
          go.field({"net/http.http2ClientConn.tconn", "net/http/internal/http2.ClientConn.tconn"})),
      http2_closed(go.field(
          {"net/http.http2ClientConn.closed", "net/http/internal/http2.ClientConn.closed"})),
      http2_streams(go.field(
          {"net/http.http2ClientConn.streams", "net/http/internal/http2.ClientConn.streams"})),
      tls_config(go.field("crypto/tls.Conn.config")),
      tls_server_name(go.field("crypto/tls.Config.ServerName")) {}

SqlFields::SqlFields(const Offsets& go)
    : connector(go.field("database/sql.DB.connector")), free(go.field("database/sql.DB.freeConn")),
      open(go.field("database/sql.DB.numOpen")), closed(go.field("database/sql.DB.closed")),
      limit(go.field("database/sql.DB.maxOpen")), wait_count(go.field("database/sql.DB.waitCount")),
      waiting(go.field("database/sql.DB.connRequests")),
      closed_max_idle(go.field("database/sql.DB.maxIdleClosed")),
      closed_max_idle_time(go.field("database/sql.DB.maxIdleTimeClosed")),
      closed_max_lifetime(go.field("database/sql.DB.maxLifetimeClosed")) {}

GrpcFields::GrpcFields(const Offsets& grpc)
    : manager_state(grpc.field("google.golang.org/grpc.connectivityStateManager.state")),
      manager_channel(grpc.field({"google.golang.org/grpc.connectivityStateManager.channelz",
                                  "google.golang.org/grpc.connectivityStateManager.channelzID"})),
      server_connections(grpc.field("google.golang.org/grpc.Server.conns")),
      server_net_conn(grpc.field("google.golang.org/grpc/internal/transport.http2Server.conn")) {}

} // namespace holter::golang
