// SPDX-License-Identifier: Apache-2.0
#include "aggregator/fixture.h"
#include "catch.h"

#include <algorithm>

using namespace holter::aggregator;
using namespace holter::aggregator::test;

namespace {

double total(const Snapshot& snapshot, Family family, const std::vector<std::string>& own = {}) {
    return number(snapshot, family, own, "shop");
}

holter_tcp_tally sockets(std::uint32_t established, std::uint32_t close_wait = 0) {
    holter_tcp_tally tally{};
    tally.sockets[HOLTER_TCP_INBOUND][HOLTER_TCP_ESTABLISHED] = established;
    tally.sockets[HOLTER_TCP_INBOUND][HOLTER_TCP_CLOSE_WAIT] = close_wait;
    return tally;
}

} // namespace

TEST_CASE("TCP: nothing is said before the first reading, zeroes after it", "[aggregator]") {
    Aggregator aggregator;
    aggregator.add_target(target(0), 0);
    CHECK(std::isnan(total(*aggregator.snapshot(0), Family::tcp_accepts)));

    aggregator.on_tcp(0, {}, {});
    const auto snapshot = aggregator.snapshot(0);
    for (const char* result : {"ok", "refused", "timeout", "reset", "unreachable", "no_local_port"})
        CHECK(total(*snapshot, Family::tcp_connects, {result}) == 0);
    CHECK(std::isnan(total(*snapshot, Family::tcp_connects, {"aborted"})));
    CHECK(total(*snapshot, Family::tcp_accepts) == 0);
    CHECK(total(*snapshot, Family::tcp_retransmits) == 0);
    CHECK(total(*snapshot, Family::tcp_resets, {"sent"}) == 0);
    CHECK(total(*snapshot, Family::tcp_connections, {"established", "inbound"}) == 0);
    CHECK(total(*snapshot, Family::tcp_connections, {"established", "outbound"}) == 0);
    CHECK(std::isnan(total(*snapshot, Family::tcp_connections, {"close_wait", "inbound"})));
    const Histogram* durations =
        histogram(*snapshot, Family::tcp_connection_duration, {"outbound"});
    REQUIRE(durations);
    CHECK(durations->count() == 0);
    CHECK(durations->bounds() + 1 == HOLTER_TCP_DURATION_BUCKETS);
}

TEST_CASE("TCP: a reading replaces the last one", "[aggregator]") {
    Aggregator aggregator;
    aggregator.add_target(target(0), 0);
    holter_tcp_counts counts{};
    counts.accepts = 5;
    counts.connects[HOLTER_TCP_ABORTED] = 2;
    counts.resets[HOLTER_TCP_RESET_RECEIVED] = 3;
    counts.durations[HOLTER_TCP_INBOUND][0] = 4;
    counts.durations[HOLTER_TCP_INBOUND][HOLTER_TCP_DURATION_BUCKETS - 1] = 1;
    counts.duration_ns[HOLTER_TCP_INBOUND] = 90'000 * second;
    aggregator.on_tcp(0, counts, sockets(7, 2));
    counts.accepts = 9;
    aggregator.on_tcp(0, counts, sockets(3));

    const auto snapshot = aggregator.snapshot(0);
    CHECK(total(*snapshot, Family::tcp_accepts) == 9);
    CHECK(total(*snapshot, Family::tcp_connects, {"aborted"}) == 2);
    CHECK(total(*snapshot, Family::tcp_resets, {"received"}) == 3);
    CHECK(total(*snapshot, Family::tcp_connections, {"established", "inbound"}) == 3);
    // Seen once: it stays, with 0.
    CHECK(total(*snapshot, Family::tcp_connections, {"close_wait", "inbound"}) == 0);
    const Histogram* durations = histogram(*snapshot, Family::tcp_connection_duration, {"inbound"});
    REQUIRE(durations);
    CHECK(durations->count() == 5);
    CHECK(durations->count(0) == 4);
    CHECK(durations->bound(0) == 1'000'000);
    CHECK(durations->sum() == 90'000 * second);
}

TEST_CASE("TCP: processes of a service add up; counts outlive them, gauges do not",
          "[aggregator]") {
    Aggregator aggregator;
    aggregator.add_target(target(0), 0);
    aggregator.add_target(target(1), 0);
    holter_tcp_counts counts{};
    counts.accepts = 10;
    counts.connects[HOLTER_TCP_OK] = 4;
    counts.durations[HOLTER_TCP_OUTBOUND][2] = 3;
    counts.duration_ns[HOLTER_TCP_OUTBOUND] = 3000;
    aggregator.on_tcp(0, counts, sockets(2));
    aggregator.on_tcp(1, counts, sockets(5));
    CHECK(total(*aggregator.snapshot(0), Family::tcp_connections, {"established", "inbound"}) == 7);

    counts.accepts = 11; // the last reading, after it has ended
    counts.tgid = 1000;
    aggregator.on_tcp(0, counts, {});
    aggregator.remove_target(0);
    const auto snapshot = aggregator.snapshot(0);
    CHECK(total(*snapshot, Family::tcp_accepts) == 21);
    CHECK(total(*snapshot, Family::tcp_connects, {"ok"}) == 8);
    CHECK(total(*snapshot, Family::tcp_connections, {"established", "inbound"}) == 5);
    const Histogram* durations =
        histogram(*snapshot, Family::tcp_connection_duration, {"outbound"});
    REQUIRE(durations);
    CHECK(durations->count() == 6);
    CHECK(durations->sum() == 6000);

    // The kernel closes its connections after that.
    counts.accepts = 13;
    aggregator.on_tcp_after_end(0, counts);
    CHECK(total(*aggregator.snapshot(0), Family::tcp_accepts) == 23);
    aggregator.on_tcp_after_end(0, {}); // another's already
    CHECK(total(*aggregator.snapshot(0), Family::tcp_accepts) == 23);
    CHECK(histogram(*aggregator.snapshot(0), Family::tcp_connection_duration, {"outbound"})
              ->count() == 6);
    aggregator.close_tcp(0);
    counts.accepts = 99;
    aggregator.on_tcp_after_end(0, counts);
    CHECK(total(*aggregator.snapshot(0), Family::tcp_accepts) == 23);

    aggregator.remove_target(1);
    CHECK(std::isnan(
        total(*aggregator.snapshot(0), Family::tcp_connections, {"established", "inbound"})));
    CHECK(total(*aggregator.snapshot(0), Family::tcp_accepts) == 23);
}

TEST_CASE("TCP: a slot's next process starts at zero", "[aggregator]") {
    Aggregator aggregator;
    aggregator.add_target(target(0), 0);
    holter_tcp_counts counts{};
    counts.accepts = 10;
    aggregator.on_tcp(0, counts, sockets(2));
    aggregator.remove_target(0);
    aggregator.on_tcp(0, counts, sockets(2)); // nobody's
    aggregator.add_target(target(0, "other"), 0);
    aggregator.on_tcp(0, {}, {});
    const auto snapshot = aggregator.snapshot(0);
    CHECK(number(*snapshot, Family::tcp_accepts, {}, "other") == 0);
    CHECK(total(*snapshot, Family::tcp_accepts) == 10);
}

TEST_CASE("TCP: corrections are about all targets", "[aggregator]") {
    Aggregator aggregator;
    aggregator.set_tcp_corrections("moved", 3);
    aggregator.set_tcp_corrections("moved", 4);
    CHECK(number(*aggregator.snapshot(0), Family::tcp_corrections, {"moved"}) == 4);
}
