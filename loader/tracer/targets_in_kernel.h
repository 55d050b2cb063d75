// SPDX-License-Identifier: Apache-2.0
//
// The targets as the kernel side knows them: whose hits count, under which slot, and
// what was counted. All of it is in maps that the BPF objects share.
#pragma once

#include "loader/attach/objects.h"
#include "loader/process/identity.h"
#include "loader/tracer/target.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace holter::tracer {

/// Events that happened and did not arrive.
struct Loss {
    const char* type;  ///< `go_gc_pause`, `go_stop`
    const char* cause; ///< `ring_full`, `read_failed`
    std::uint64_t count;
};

class TargetsInKernel {
  public:
    /// `objects` must outlive it.
    explicit TargetsInKernel(const attach::Objects& objects) : objects_(objects) {}

    /// From now on the process's hits count.
    void describe(Slot slot, const process::Identity& identity);
    /// From now on they are dropped, wherever its links are, and nothing of it is in progress.
    void hide(Slot slot, const process::Identity& identity);

    /// Events that are missing in the ring: running totals of every type and cause. Safe on any
    /// thread.
    std::vector<Loss> losses() const;
    /// Hits of each probe of a target since it appeared, by its number in cookies; at most
    /// HOLTER_MAX_PROBES. Safe on any thread.
    std::vector<std::uint64_t> hits(Slot slot, std::size_t probes) const;

  private:
    void drop_open_requests(Slot slot);

    const attach::Objects& objects_;
    std::uint32_t generation_ = 0; ///< of the target that came last
};

} // namespace holter::tracer
