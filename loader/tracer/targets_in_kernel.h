// SPDX-License-Identifier: Apache-2.0
//
// The targets as the kernel side knows them: whose hits count, under which slot, and
// what was counted. All of it is in maps that the BPF objects share.
//
// Who a target is and which of its requests count is written in place, while programs read it: an
// update by system call copies an element in whatever order the kernel's memcpy() takes.
#pragma once

#include "bpf/events.h"
#include "loader/attach/mapped_array.h"
#include "loader/attach/objects.h"
#include "loader/process/identity.h"
#include "loader/result.h"
#include "loader/tracer/open_requests.h"
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

/// Of requests that begin from now on those are counted that begin in this time, as of this sample.
/// The old end must have passed, unless the sample and the begin stay what they are: then whoever
/// sees the old end counts nothing by what is half new, and whoever sees the new one, which is
/// written last, sees the rest.
inline void set_window(holter_target& target, std::uint32_t window, std::uint64_t from_ns,
                       std::uint64_t until_ns) {
    std::atomic_ref(target.window).store(window, std::memory_order_relaxed);
    std::atomic_ref(target.from_ns).store(from_ns, std::memory_order_relaxed);
    std::atomic_ref(target.until_ns).store(until_ns, std::memory_order_release);
}

class TargetsInKernel {
  public:
    /// `objects` must outlive it.
    explicit TargetsInKernel(const attach::Objects& objects) : objects_(objects) {}

    /// To be called once, when all objects are loaded. Errors: `load_failed`.
    Status open();

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
    /// Whether requests of the target may be in progress that will be counted. With `give_up`
    /// they are forgotten instead, and counted as lost; that may take some rounds.
    bool has_open_requests(Slot slot, bool give_up);
    /// A round of looking for requests begins, or ends: it takes a few ms at the most.
    void begin_round() { open_requests_.begin_round(); }
    void end_round() { open_requests_.end_round(); }

  private:
    const attach::Objects& objects_;
    attach::MappedArray<holter_target> targets_;
    OpenRequests open_requests_{-1};
    std::uint32_t generation_ = 0; ///< of the target that came last
    std::atomic<std::uint64_t> cut_off_ = 0;
};

} // namespace holter::tracer
