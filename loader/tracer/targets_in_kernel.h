// SPDX-License-Identifier: Apache-2.0
//
// The targets as the kernel side knows them: whose hits count, under which slot, and
// what was counted. All of it is in maps that the BPF objects share.
#pragma once

#include "loader/attach/objects.h"
#include "loader/process/identity.h"
#include "loader/tracer/target.h"

#include <atomic>
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

    /// Of requests that begin from now on those are counted that begin in this time of the
    /// monotonic clock, as the sample of this number; 0: as all there are. At first all are.
    void count_requests(Slot slot, std::uint32_t window, std::uint64_t from_ns,
                        std::uint64_t until_ns);
    /// Whether requests of the target are in progress that will be counted.
    bool has_open_requests(Slot slot) const;
    /// They are forgotten, and counted as lost.
    void cut_off_requests(Slot slot);

  private:
    const attach::Objects& objects_;
    std::uint32_t generation_ = 0; ///< of the target that came last
    std::atomic<std::uint64_t> cut_off_ = 0;
};

} // namespace holter::tracer
