// SPDX-License-Identifier: Apache-2.0
//
// grpc-go: a client's channels by state, and connections of its servers. Both are read where the
// library keeps them; what was there before tracing began is learned of when it is used.
//
// A channel's manager is known by what it never changes, its entry in channelz: without that,
// memory that was a manager's would be a channel that is idle for ever.
#pragma once

#include "bpf/events.h"
#include "loader/golang/connections/memory/fields.h"
#include "loader/golang/connections/memory/go_map.h"
#include "loader/golang/connections/reading.h"
#include "loader/golang/connections/sockets/socket_check.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace holter::golang {

class GrpcChannels {
  public:
    static constexpr std::size_t max_channels = std::size_t{1} << 14;

    GrpcChannels(const TargetMemory& memory, const GrpcFields& fields)
        : memory_(memory), fields_(fields) {}

    void on_object(const holter_go_object& event);
    void on_transition(const holter_go_grpc_transition& event);

    /// By state; empty as long as no channel has been known.
    std::optional<std::array<std::uint64_t, HOLTER_GO_GRPC_STATES>> read();

    std::uint64_t corrections() const { return corrections_; }

  private:
    /// An event tells that one lies there, whatever was there before.
    void add(std::uint64_t address);

    const TargetMemory& memory_;
    GrpcFields fields_;
    /// That are not shut down, by manager: their entry in channelz, once it was read.
    std::map<std::uint64_t, std::optional<std::uint64_t>> channels_;
    bool any_ = false;
    std::uint64_t corrections_ = 0;
};

class GrpcServers {
  public:
    static constexpr std::size_t max_servers = 64;

    GrpcServers(const TargetMemory& memory, MapFormat format, const GrpcFields& fields,
                const Descriptors& descriptors, const SocketOf& socket_of)
        : memory_(memory), format_(format), fields_(fields), sockets_(descriptors, socket_of) {}

    void on_object(const holter_go_object& event);

    /// Empty as long as no server has been known. `check`: against the kernel's list, too.
    std::optional<std::uint64_t> read(bool check);

    std::uint64_t corrections() const { return sockets_.counts().mismatches; }
    const SocketChecks& sockets() const { return sockets_.counts(); }

  private:
    /// Its sets of connections, one for each listener; empty when it has stopped, or is none.
    std::optional<std::vector<std::uint64_t>> sets_of(std::uint64_t server) const;
    std::vector<SocketCheck::Connection>
    connections_in(const std::vector<std::uint64_t>& sets) const;

    const TargetMemory& memory_;
    MapFormat format_;
    GrpcFields fields_;
    SocketCheck sockets_;
    std::set<std::uint64_t> servers_;
    bool any_ = false;
};

} // namespace holter::golang
