// SPDX-License-Identifier: Apache-2.0
//
// Pools of database/sql: each keeps its own account, which is read as it is. A pool is told of
// when it is made, or when it is seen in use.
#pragma once

#include "bpf/events.h"
#include "loader/golang/connections/fields.h"
#include "loader/golang/connections/reading.h"
#include "loader/golang/connections/target_memory.h"

#include <cstdint>
#include <map>
#include <optional>

namespace holter::golang {

class SqlPools {
  public:
    static constexpr std::size_t max_pools = 256;

    SqlPools(const TargetMemory& memory, const SqlFields& fields)
        : memory_(memory), fields_(fields) {}

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
        std::optional<Closed> last; ///< what has been counted; empty: not read yet
        std::int64_t waits = 0;     ///< as of the last reading: it never falls
    };
    enum class Look { open, closed, implausible };

    Look look(std::uint64_t address, Pool& pool, SqlReading& out);

    const TargetMemory& memory_;
    SqlFields fields_;
    std::map<std::uint64_t, Pool> pools_;
    bool any_ = false; ///< a pool was read once
    Closed closed_;    ///< of all pools, since each was known
    std::uint64_t corrections_ = 0;
};

} // namespace holter::golang
