// SPDX-License-Identifier: Apache-2.0
//
// Pools of database/sql: each keeps its own account, which is read as it is. A pool is told of
// when it is made, or when it is seen in use. It is known by its connector, which never changes.
#pragma once

#include "bpf/events.h"
#include "loader/golang/connections/memory/fields.h"
#include "loader/golang/connections/memory/target_memory.h"
#include "loader/golang/connections/reading.h"
#include "loader/golang/version.h"

#include <cstdint>
#include <map>
#include <optional>

namespace holter::golang {

class SqlPools {
  public:
    static constexpr std::size_t max_pools = 256;

    SqlPools(const TargetMemory& memory, const GoVersion& version, const SqlFields& fields)
        : memory_(memory), waiting_in_map_(version.minor < 23), fields_(fields) {}

    void on_object(const holter_go_object& event);

    /// Empty as long as no pool is known.
    std::optional<SqlReading> read();

    std::uint64_t corrections() const { return corrections_; }

  private:
    /// Connections closed since the pool was made, by the limit they exceeded.
    struct Closed {
        std::uint64_t max_idle = 0;
        std::uint64_t max_idle_time = 0;
        std::uint64_t max_lifetime = 0;
    };
    struct Pool {
        std::optional<Closed> last;  ///< what has been counted; empty: not read yet
        std::int64_t waits = 0;      ///< as of the last reading: it never falls
        std::int64_t ended = 0;      ///< of those, waits that have ended
        std::uint64_t connector = 0; ///< once it was read
    };
    enum class Look { open, closed, implausible };

    Look look(std::uint64_t address, Pool& pool, SqlReading& out);
    std::int64_t waiting(std::uint64_t address) const;

    const TargetMemory& memory_;
    bool waiting_in_map_; ///< those that wait are kept in a map, not a slice
    SqlFields fields_;
    std::map<std::uint64_t, Pool> pools_;
    bool any_ = false;       ///< a pool was read once
    Closed closed_;          ///< of all pools, since each was known
    std::int64_t ended_ = 0; ///< likewise
    std::uint64_t estranged_ = 0;
    std::uint64_t corrections_ = 0;
};

} // namespace holter::golang
