// SPDX-License-Identifier: Apache-2.0
//
// Our account of a Go process's connections held against two others: the kernel's list of sockets,
// which the reading brings along as counts, and the waits that database pools count themselves.
//
// Waits end between our look at the ring and our look at the pools, so the two numbers are compared
// only when neither has changed for a second. What they differ by is counted, and taken as given
// from then on. When a pool comes in whose past is unknown, the comparison begins anew.
#pragma once

#include "aggregator/golang/go_audit.h"
#include "aggregator/target.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace holter::aggregator {

/// Of all targets together.
struct ConnectionAuditCounts {
    AuditCount http_server_sockets, http_client_sockets, grpc_server_sockets;
    AuditCount sql_waits; ///< mismatches: waits that we missed or counted twice
};

class ConnectionAudit {
  public:
    explicit ConnectionAudit(ConnectionAuditCounts& counts) : counts_(counts) {}

    /// `waits`: those that we have counted. Call it right after the ring was drained.
    void on_reading(const GoConnectionReading& reading, std::uint64_t waits, std::uint64_t now_ns);

  private:
    /// What was last seen of the waits, and since when it is so.
    struct Waits {
        std::uint64_t ours = 0, theirs = 0, estranged = 0;
        std::uint64_t since_ns = 0;
    };

    void on_sockets(const GoConnectionReading::Kind& kind);
    void on_waits(const Waits& now);

    ConnectionAuditCounts& counts_;
    std::array<AuditCount, 3> sockets_; ///< of this process, as last seen
    std::optional<Waits> waits_;
    std::uint64_t estranged_ = 0; ///< at the last comparison
    std::int64_t accepted_ = 0;   ///< what theirs is more than ours
};

} // namespace holter::aggregator
