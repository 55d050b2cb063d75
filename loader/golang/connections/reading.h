// SPDX-License-Identifier: Apache-2.0
//
// What is read of a Go process's connections at a scrape. A part is empty when no object that it
// would be read from is known: nothing is said then, rather than zero.
#pragma once

#include "bpf/events.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holter::golang {

/// Whose accounts they are; as in metrics.
enum class ConnectionKind { http_server, http_client, grpc_client, grpc_server, sql };
inline constexpr std::size_t connection_kinds = 5;

struct HttpServerReading {
    std::uint64_t fresh = 0; ///< state `new`: no request yet
    std::uint64_t active = 0;
    std::uint64_t idle = 0;
    std::uint64_t hijacked = 0;
};

/// Connections of a client to one address: host and port, or only a host.
struct HttpClientReading {
    std::string address;
    std::uint64_t active = 0;
    std::uint64_t idle = 0;
};

/// Connections that were held against the kernel's list of the process's sockets, and those of
/// them that had no socket any more. Since tracing began.
struct SocketChecks {
    std::uint64_t checks = 0;
    std::uint64_t mismatches = 0;
};

/// All pools of a process together.
struct SqlReading {
    std::uint64_t idle = 0;
    std::uint64_t used = 0;
    /// The pools' own count of waits that have ended, since each was made or known.
    std::uint64_t waits = 0;
    /// Pools whose waits are not all in there: that are older than what we know of them, or were
    /// lost.
    std::uint64_t estranged = 0;
    /// Of the pools that have a limit; empty if none has.
    std::optional<std::uint64_t> limit;
    /// Since tracing began, by the limit that was exceeded.
    std::uint64_t closed_max_idle = 0;
    std::uint64_t closed_max_idle_time = 0;
    std::uint64_t closed_max_lifetime = 0;
};

struct ConnectionsReading {
    std::optional<HttpServerReading> http_server;
    std::optional<std::vector<HttpClientReading>> http_client;
    std::optional<std::array<std::uint64_t, HOLTER_GO_GRPC_STATES>> grpc_client;
    std::optional<std::uint64_t> grpc_server;
    std::optional<SqlReading> sql;

    /// By kind: whether something that was open before tracing began may be missing above. Empty:
    /// the program has nothing of that kind.
    std::array<std::optional<bool>, connection_kinds> partial;
    /// By kind, since tracing began: objects that were thought to exist and turned out not to.
    std::array<std::uint64_t, connection_kinds> corrections{};
    /// By kind; of some, sockets are not known.
    std::array<std::optional<SocketChecks>, connection_kinds> sockets;
};

} // namespace holter::golang
