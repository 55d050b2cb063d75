// SPDX-License-Identifier: Apache-2.0
//
// Until Go 1.18 the heap goal is a variable. Since 1.19, which brought the memory limit, the
// runtime computes it whenever it is asked, from GOGC's goal, the limit and how much memory is
// mapped at that moment; so who reads memory from outside has to do the same sums.
#pragma once

#include "loader/golang/version.h"

#include <cstdint>
#include <optional>

namespace holter::golang {

/// Fields of runtime.gcControllerState, in bytes.
struct HeapGoalInputs {
    std::uint64_t gc_percent_goal = 0; ///< gcPercentHeapGoal; 2^64-1: GOGC=off
    std::uint64_t sweep_trigger = 0;   ///< sweepDistMinTrigger
    std::uint64_t triggered = 0;       ///< 2^64-1: no cycle is running
    std::uint64_t memory_limit = 0;
    std::uint64_t heap_marked = 0;
    std::uint64_t heap_free = 0;
    std::uint64_t total_alloc = 0;
    std::uint64_t total_free = 0;
    std::uint64_t mapped_ready = 0;
};

/// The goal in force, as runtime/metrics reports it in /gc/heap/goal:bytes. nullopt when the
/// inputs were caught between two updates, which passes, or are no such fields at all.
std::optional<std::uint64_t> heap_goal(const HeapGoalInputs& in, const GoVersion& version);

} // namespace holter::golang
