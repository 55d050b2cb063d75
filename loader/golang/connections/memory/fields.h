// SPDX-License-Identifier: Apache-2.0
//
// Where the fields of net/http, database/sql and grpc-go lie that connections are read from. What
// a version does not have is empty, and so is all that depends on it.
#pragma once

#include "loader/golang/layout/offsets.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>

namespace holter::golang {

using FieldOffset = std::optional<std::uint64_t>;

/// Whether all of them are known.
inline bool all_known(std::initializer_list<FieldOffset> fields) {
    return std::all_of(fields.begin(), fields.end(),
                       [](const FieldOffset& field) { return field.has_value(); });
}

struct DescriptorFields {
    explicit DescriptorFields(const Offsets& go);
    FieldOffset state, number, family, type, remote; ///< of netFD
};

struct HttpServerFields {
    explicit HttpServerFields(const Offsets& go);
    FieldOffset server_connections;            ///< Server.activeConn
    FieldOffset server, net_conn, state;       ///< of conn
    FieldOffset http2_net_conn, http2_streams; ///< of HTTP/2's serverConn
};

struct HttpClientFields {
    explicit HttpClientFields(const Offsets& go);
    FieldOffset idle;                                        ///< Transport.idleLRU.m
    FieldOffset transport, alternative, address, closed;     ///< of persistConn
    FieldOffset net_conn;                                    ///< likewise
    FieldOffset http2_net_conn, http2_closed, http2_streams; ///< of HTTP/2's ClientConn
    FieldOffset tls_config, tls_server_name;                 ///< of tls.Conn, of tls.Config
};

struct SqlFields {
    explicit SqlFields(const Offsets& go);
    FieldOffset connector, free, open, closed, limit; ///< of DB
    FieldOffset wait_count, waiting;                  ///< Go <= 1.22: a map; a slice since then
    FieldOffset closed_max_idle, closed_max_idle_time, closed_max_lifetime;
};

struct GrpcFields {
    explicit GrpcFields(const Offsets& grpc);
    FieldOffset manager_state, manager_channel; ///< of connectivityStateManager
    FieldOffset server_connections;             ///< of Server
    FieldOffset server_net_conn;                ///< of http2Server
};

} // namespace holter::golang
