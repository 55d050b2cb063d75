// SPDX-License-Identifier: Apache-2.0
//
// What the kernel side remembers of requests that have begun (bpf/requests.h): who has some
// in progress, and clearing away what nobody will end.
#pragma once

#include "loader/tracer/target.h"

#include <cstddef>

namespace holter::tracer {

class OpenRequests {
  public:
    /// `map`: descriptor of `open_requests`.
    explicit OpenRequests(int map) : map_(map) {}

    /// Whether a request of the target is in progress.
    bool any(Slot slot) const;
    /// Forgets all of the target's; how many of them were in progress.
    std::size_t drop(Slot slot) const;

  private:
    int map_;
};

} // namespace holter::tracer
