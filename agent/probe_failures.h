// SPDX-License-Identifier: Apache-2.0
//
// What the log says of probes that failed. Each failure is told once, however often the states
// of a target's probes are reported, and again only if it had passed meanwhile. What probes have
// in common is said once: a process that ends while it is attached to fails all of its probes.
#pragma once

#include "loader/tracer/target.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace holter::agent {

class ProbeFailures {
  public:
    /// A line for each failure that the target did not have the last time, without the time or
    /// level.
    std::vector<std::string> news(tracer::Slot slot, const std::vector<tracer::ProbeState>& states);
    /// The target is gone.
    void forget(tracer::Slot slot) { told_.erase(slot); }

  private:
    using Told = std::set<std::pair<std::string, std::string>>; ///< reason and message

    std::map<tracer::Slot, Told> told_;
};

} // namespace holter::agent
