// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/account/heap_goal.h"

#include <algorithm>

namespace holter::golang {

namespace {

constexpr std::uint64_t none = ~std::uint64_t{0};
/// A running cycle's goal is at least this far from where the cycle was triggered.
constexpr std::uint64_t min_runway = 64 << 10;
/// Kept free below the memory limit: this much, and since Go 1.21 at least 3 % of the goal.
constexpr std::uint64_t min_headroom = 1 << 20;
constexpr std::uint64_t headroom_percent = 3;
constexpr int headroom_percent_since = 21;

std::optional<std::uint64_t> limit_goal(const HeapGoalInputs& in, const GoVersion& version) {
    const std::uint64_t allocated = in.total_alloc - in.total_free;
    if (in.total_free > in.total_alloc || allocated > in.mapped_ready ||
        in.heap_free > in.mapped_ready - allocated) {
        return std::nullopt;
    }
    const std::uint64_t other = in.mapped_ready - in.heap_free - allocated;
    const std::uint64_t overage =
        in.mapped_ready > in.memory_limit ? in.mapped_ready - in.memory_limit : 0;
    if (other >= in.memory_limit || overage >= in.memory_limit - other) {
        return in.heap_marked;
    }
    std::uint64_t goal = in.memory_limit - (other + overage);
    std::uint64_t headroom = min_headroom;
    if (version.minor >= headroom_percent_since) {
        headroom = std::max(headroom, goal / 100 * headroom_percent);
    }
    goal = goal < 2 * headroom ? headroom : goal - headroom;
    return std::max(goal, in.heap_marked);
}

} // namespace

std::optional<std::uint64_t> heap_goal(const HeapGoalInputs& in, const GoVersion& version) {
    const auto limited = limit_goal(in, version);
    if (!limited) {
        return std::nullopt;
    }
    if (*limited < in.gc_percent_goal) {
        return *limited;
    }
    std::uint64_t goal = std::max(in.gc_percent_goal, in.sweep_trigger);
    if (in.triggered < none - min_runway) {
        goal = std::max(goal, in.triggered + min_runway);
    }
    return goal;
}

} // namespace holter::golang
