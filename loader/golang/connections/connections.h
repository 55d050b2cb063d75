// SPDX-License-Identifier: Apache-2.0
//
// The state of a Go process's connections, read at a scrape. The kernel side tells where
// the objects lie (bpf/events/go_connections.h); each kind of them has its own reader.
#pragma once

#include "loader/golang/binary.h"
#include "loader/golang/connections/kinds/grpc_objects.h"
#include "loader/golang/connections/kinds/http_clients.h"
#include "loader/golang/connections/kinds/http_servers.h"
#include "loader/golang/connections/kinds/sql_pools.h"
#include "loader/golang/connections/memory/target_memory.h"
#include "loader/golang/connections/reading.h"
#include "loader/golang/connections/sockets/descriptors.h"
#include "loader/golang/connections/sockets/old_sockets.h"
#include "loader/golang/connections/sockets/socket_check.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace holter::golang {

/// Who is asked about the process's sockets; both empty when nobody can be.
struct KernelSockets {
    SocketOf of;
    std::function<std::vector<process::PeerSocket>()> with_peers;
};

/// Of one process. One thread may read while another one hands over records: reading can take as
/// long as the process likes, and the other thread never waits for it.
class Connections {
  public:
    /// `ran_before`: the process had been running when its probes were attached. Null when the
    /// binary has no connections of any kind. The kernel is asked at intervals.
    static std::unique_ptr<Connections> of(const Binary& binary, TargetMemory memory,
                                           KernelSockets kernel, bool ran_before);
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;

    /// A record of the ring that belongs to this process; those of other signals have no effect.
    void on_record(std::span<const std::byte> record);

    ConnectionsReading read();

  private:
    using Linked = std::array<bool, connection_kinds>;
    using Clock = std::chrono::steady_clock;

    Connections(const Binary& binary, TargetMemory memory, KernelSockets kernel,
                const Linked& linked, bool ran_before);
    bool check_is_due();
    bool may_lack(ConnectionKind kind, bool any_known) const;
    void take_inbox();
    void apply(std::span<const std::byte> record);
    void on_object(const holter_go_object& event);

    std::mutex books_; ///< guards all but the inbox
    std::mutex inbox_mutex_;
    std::vector<std::vector<std::byte>> inbox_; ///< records that came during a reading
    std::uint64_t overflown_ = 0;               ///< records that the inbox did not take
    TargetMemory memory_;
    KernelSockets kernel_;
    SocketOf socket_of_; ///< the kernel, and what it says is known to be seen
    Descriptors descriptors_;
    Clock::time_point next_check_;
    Linked linked_;
    bool ran_before_;
    std::optional<OldSockets> old_; ///< empty: not looked for yet
    HttpServers http_servers_;
    HttpClients http_clients_;
    SqlPools sql_pools_;
    GrpcChannels grpc_channels_;
    GrpcServers grpc_servers_;
};

} // namespace holter::golang
