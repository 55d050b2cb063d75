// SPDX-License-Identifier: Apache-2.0
#include "loader/tcp/time_wait.h"

#include "catch.h"

#include <array>

namespace holter::tcp {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

/// As the kernel side does it.
void leave(holter_tcp_counts& counts, std::size_t direction, std::uint64_t now_ns,
           std::uint64_t number) {
    const std::uint64_t tick = now_ns / HOLTER_TCP_TICK_NS;
    auto& word = counts.time_waits[direction][tick % HOLTER_TCP_TICKS];
    if (word >> HOLTER_TCP_TICK_BITS != tick)
        word = tick << HOLTER_TCP_TICK_BITS;
    word += number;
}

TEST_CASE("TIME_WAIT lasts a minute", "[tcp]") {
    holter_tcp_counts counts{};
    const std::uint64_t start = 1000 * second;
    leave(counts, HOLTER_TCP_OUTBOUND, start, 100);
    leave(counts, HOLTER_TCP_INBOUND, start + 10 * second, 7);
    CHECK(time_waits_at(counts, start) == ByDirection{0, 100});
    CHECK(time_waits_at(counts, start + 30 * second) == ByDirection{7, 100});
    CHECK(time_waits_at(counts, start + 59 * second) == ByDirection{7, 100});
    CHECK(time_waits_at(counts, start + 61 * second) == ByDirection{7, 0});
    CHECK(time_waits_at(counts, start + 72 * second) == ByDirection{0, 0});
    // The same word of the clock, turns later.
    CHECK(time_waits_at(counts, start + 640 * second) == ByDirection{0, 0});
    leave(counts, HOLTER_TCP_OUTBOUND, start + 640 * second, 3);
    CHECK(time_waits_at(counts, start + 641 * second) == ByDirection{0, 3});
    CHECK(time_waits_at({}, start) == ByDirection{0, 0});
}

TEST_CASE("TIME_WAIT of a network namespace", "[tcp]") {
    CHECK(time_waits_of_namespace("sockets: used 5\nTCP: inuse 18 orphan 0 tw 1234 alloc 20 mem "
                                  "1\nUDP: inuse 4 mem 0\n") == 1234);
    CHECK(time_waits_of_namespace("TCP: inuse 0 orphan 0 tw 0 alloc 0 mem 0\n") == 0);
    CHECK_FALSE(time_waits_of_namespace(""));
    CHECK_FALSE(time_waits_of_namespace("TCP: inuse 18"));
    CHECK_FALSE(time_waits_of_namespace("TCP: tw"));
    CHECK_FALSE(time_waits_of_namespace("TCP: inuse 1 tw many\n"));
    CHECK_FALSE(time_waits_of_namespace("TCP: inuse 1\nUDP: tw 5\n"));
    CHECK_FALSE(time_waits_of_namespace("xTCP: tw 5\n"));
}

TEST_CASE("TIME_WAIT never exceeds the kernel's total", "[tcp]") {
    ByDirection one{100, 300}, two{0, 600};
    const std::array targets = {&one, &two};
    scale_down(targets, 1000);
    CHECK(one == ByDirection{100, 300});
    scale_down(targets, 500);
    CHECK(one == ByDirection{50, 150});
    CHECK(two == ByDirection{0, 300});
    scale_down(targets, 0);
    CHECK(one == ByDirection{0, 0});
    CHECK(two == ByDirection{0, 0});
    scale_down(targets, 0);
}

} // namespace
} // namespace holter::tcp
