// SPDX-License-Identifier: Apache-2.0
//
// grpc-go: a client's channels by state, and connections of its servers. Both are read where the
// library keeps them; what was there before tracing began is learned of when it is used.
#pragma once

#include "bpf/events.h"
#include "loader/golang/connections/fields.h"
#include "loader/golang/connections/go_map.h"
#include "loader/golang/connections/reading.h"

#include <array>
#include <cstdint>
#include <optional>
#include <set>

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
    void add(std::uint64_t address);

    const TargetMemory& memory_;
    GrpcFields fields_;
    std::set<std::uint64_t> channels_; ///< that are not shut down
    bool any_ = false;
    std::uint64_t corrections_ = 0;
};

class GrpcServers {
  public:
    static constexpr std::size_t max_servers = 64;

    GrpcServers(const TargetMemory& memory, MapFormat format, const GrpcFields& fields)
        : memory_(memory), format_(format), fields_(fields) {}

    void on_object(const holter_go_object& event);

    /// Empty as long as no server has been known.
    std::optional<std::uint64_t> read();

    std::uint64_t corrections() const { return corrections_; }

  private:
    /// Connections of a server; empty when it has stopped, or is none.
    std::optional<std::uint64_t> connections_of(std::uint64_t server) const;

    const TargetMemory& memory_;
    MapFormat format_;
    GrpcFields fields_;
    std::set<std::uint64_t> servers_;
    bool any_ = false;
    std::uint64_t corrections_ = 0;
};

} // namespace holter::golang
