// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/fields.h"

namespace holter::golang {

namespace {

/// The sum of the offsets of a field and of a field inside it.
FieldOffset inside(const FieldOffset& outer, const FieldOffset& inner) {
    if (!outer || !inner)
        return std::nullopt;
    return *outer + *inner;
}

} // namespace

HttpServerFields::HttpServerFields(const Offsets& go)
    : server_connections(go.field("net/http.Server.activeConn")),
      server(go.field("net/http.conn.server")), net_conn(go.field("net/http.conn.rwc")),
      state(go.field("net/http.conn.curState")),
      http2_streams(go.field({"net/http.http2serverConn.curClientStreams",
                              "net/http/internal/http2.serverConn.curClientStreams"})),
      descriptor_state(inside(go.field("net.netFD.pfd"), go.field("internal/poll.FD.fdmu.state"))),
      descriptor(inside(go.field("net.netFD.pfd"), go.field("internal/poll.FD.Sysfd"))),
      remote(go.field("net.netFD.raddr")) {}

HttpClientFields::HttpClientFields(const Offsets& go)
    : idle(go.field("net/http.Transport.idleLRU.m")), transport(go.field("net/http.persistConn.t")),
      alternative(go.field("net/http.persistConn.alt")),
      address(go.field("net/http.persistConn.cacheKey.addr")),
      closed(go.field("net/http.persistConn.closed")),
      http2_net_conn(
          go.field({"net/http.http2ClientConn.tconn", "net/http/internal/http2.ClientConn.tconn"})),
      http2_closed(go.field(
          {"net/http.http2ClientConn.closed", "net/http/internal/http2.ClientConn.closed"})),
      http2_streams(go.field(
          {"net/http.http2ClientConn.streams", "net/http/internal/http2.ClientConn.streams"})),
      tls_config(go.field("crypto/tls.Conn.config")),
      tls_server_name(go.field("crypto/tls.Config.ServerName")) {}

SqlFields::SqlFields(const Offsets& go)
    : free(go.field("database/sql.DB.freeConn")), open(go.field("database/sql.DB.numOpen")),
      closed(go.field("database/sql.DB.closed")), limit(go.field("database/sql.DB.maxOpen")),
      wait_count(go.field("database/sql.DB.waitCount")),
      closed_max_idle(go.field("database/sql.DB.maxIdleClosed")),
      closed_max_idle_time(go.field("database/sql.DB.maxIdleTimeClosed")),
      closed_max_lifetime(go.field("database/sql.DB.maxLifetimeClosed")) {}

GrpcFields::GrpcFields(const Offsets& grpc)
    : manager_state(grpc.field("google.golang.org/grpc.connectivityStateManager.state")),
      server_connections(grpc.field("google.golang.org/grpc.Server.conns")) {}

} // namespace holter::golang
