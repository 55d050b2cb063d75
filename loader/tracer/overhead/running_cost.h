// SPDX-License-Identifier: Apache-2.0
//
// What the hits of a target have cost it so far. What one hit costs is known better and better, so
// each is counted at what it cost by the time that it was first looked at: if all of them cost
// something else with every new price, the difference between two totals would say nothing of the
// time between them.
#pragma once

#include "bpf/events.h"

#include <cstddef>
#include <iterator>

namespace holter::tracer {

class RunningCost {
  public:
    /// `hits`: running totals; `price` says what so many have cost, in seconds. Returns the running
    /// total of that.
    template <typename Price> double add(const holter_hits& hits, Price&& price) {
        holter_hits fresh{};
        for (std::size_t i = 0; i < std::size(fresh.of_probe); ++i)
            fresh.of_probe[i] = hits.of_probe[i] - seen_.of_probe[i];
        seen_ = hits;
        return seconds_ += price(fresh);
    }

  private:
    holter_hits seen_{};
    double seconds_ = 0;
};

} // namespace holter::tracer
