// SPDX-License-Identifier: Apache-2.0
//
// What the kernel side remembers of requests that have begun (bpf/requests.h): who has some
// in progress, and clearing away what nobody will end.
//
// All targets share one hash, which can only be walked as a whole, and with 100,000 requests open
// that takes 60 ms. So it is walked in slices: a round of the watch thread looks at so many
// elements, and the next goes on from there. A target that is asked about begins no request that
// counts (its gate is closed), so what a walk has passed stays passed.
#pragma once

#include "bpf/events.h"
#include "loader/tracer/target.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace holter::tracer {

class OpenRequests {
  public:
    static constexpr std::uint32_t elements_per_batch = 1024;
    static constexpr std::uint32_t batches_per_round = 8;

    /// `map`: descriptor of `open_requests`; -1: there is none, and nothing is ever open.
    explicit OpenRequests(int map);

    /// From now on the next slice may be looked at.
    void begin_round() { batches_left_ = batches_per_round; }
    /// Uses what is left of the round for targets that are gone.
    void end_round();

    /// Whether a request of the target may be in progress; in doubt, one is.
    bool any(Slot slot);
    /// Forgets those that are: whether some may be left, and adds how many were to `forgotten`.
    bool forget(Slot slot, std::uint64_t& forgotten);
    /// The target is gone: what it has left is removed, in this round or later ones.
    void remove(Slot slot);
    /// The slot is taken: nothing of its former target is left when this returns.
    void finish(Slot slot);

  private:
    /// How far one has come. The kernel's own position: a bucket.
    struct Walk {
        std::uint32_t position = 0;
        bool begun = false;
        bool failed = false; ///< the kernel could not be asked
    };

    /// Calls `visit(key, in_progress)` for elements of the target until that returns false, or the
    /// round is over. Whether the walk is.
    template <typename Visit> bool go_on(Walk& walk, Slot slot, Visit&& visit);
    bool remove_more(Walk& walk, Slot slot);

    int map_;
    std::uint32_t value_size_ = 0; ///< 0: the map cannot be looked at
    std::uint32_t batches_left_ = 0;
    std::vector<holter_request_key> keys_; ///< of a batch
    std::vector<std::byte> values_;
    std::map<Slot, Walk> asked_; ///< about whom
    std::map<Slot, Walk> gone_;
};

} // namespace holter::tracer
