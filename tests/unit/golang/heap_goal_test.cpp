// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/account/heap_goal.h"

#include "catch.h"

#include <cstdint>

using holter::golang::GoVersion;
using holter::golang::heap_goal;
using holter::golang::HeapGoalInputs;

namespace {

constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t none = ~std::uint64_t{0};
constexpr std::uint64_t no_limit = ~std::uint64_t{0} >> 1;
const GoVersion go_1_20 = {20, 14};
const GoVersion go_1_21 = {21, 0};

/// 30 MiB of heap objects, 10 MiB free, 5 MiB of everything else.
HeapGoalInputs usual() {
    return {.gc_percent_goal = 60 * mib,
            .sweep_trigger = 0,
            .triggered = none,
            .memory_limit = no_limit,
            .heap_marked = 28 * mib,
            .heap_free = 10 * mib,
            .total_alloc = 130 * mib,
            .total_free = 100 * mib,
            .mapped_ready = 45 * mib};
}

} // namespace

TEST_CASE("without a limit the goal is GOGC's") {
    CHECK(heap_goal(usual(), go_1_21) == 60 * mib);
}

TEST_CASE("GOGC's goal keeps its distance from the sweeper and from the trigger") {
    auto in = usual();
    in.sweep_trigger = 61 * mib;
    CHECK(heap_goal(in, go_1_21) == 61 * mib);
    in.triggered = 61 * mib;
    CHECK(heap_goal(in, go_1_21) == 61 * mib + (64 << 10));
    in.triggered = none - 1; // would overflow: no trigger either
    CHECK(heap_goal(in, go_1_21) == 61 * mib);
}

TEST_CASE("a limit lowers the goal by what is not heap, and a headroom") {
    auto in = usual();
    in.memory_limit = 50 * mib;
    // 50 - 5 of other memory; 1 MiB of headroom until 1.20, 3 % if that is more since.
    CHECK(heap_goal(in, go_1_20) == 44 * mib);
    CHECK(heap_goal(in, go_1_21) == 45 * mib - 45 * mib / 100 * 3);
}

TEST_CASE("beyond the limit the goal is lowered by the excess, down to the live heap") {
    auto in = usual();
    in.memory_limit = 42 * mib; // 3 over
    CHECK(heap_goal(in, go_1_20) == 33 * mib);
    in.memory_limit = 38 * mib; // 7 over: 26 - 1, less than what is live
    CHECK(heap_goal(in, go_1_20) == 28 * mib);
    in.memory_limit = 4 * mib; // less than the other memory alone
    CHECK(heap_goal(in, go_1_20) == 28 * mib);
    in.memory_limit = 0;
    CHECK(heap_goal(in, go_1_20) == 28 * mib);
}

TEST_CASE("a goal below the headroom is the headroom") {
    auto in = usual();
    in.heap_marked = 0;
    in.memory_limit = 26 * mib; // 19 over, 5 other: 2 left
    in.mapped_ready = 45 * mib;
    CHECK(heap_goal(in, go_1_20) == 1 * mib);
}

TEST_CASE("with neither GOGC nor a limit the goal is out of reach") {
    auto in = usual();
    in.gc_percent_goal = none;
    CHECK(heap_goal(in, go_1_21).value() > (std::uint64_t{1} << 62));
}

TEST_CASE("statistics caught between two updates give no goal") {
    auto in = usual();
    in.mapped_ready = 39 * mib; // less than heap and free heap together
    CHECK(heap_goal(in, go_1_21) == std::nullopt);
    in = usual();
    in.total_free = in.total_alloc + 1;
    CHECK(heap_goal(in, go_1_21) == std::nullopt);
    in = usual();
    in.heap_free = none;
    CHECK(heap_goal(in, go_1_21) == std::nullopt);
}
