// SPDX-License-Identifier: Apache-2.0
#include "aggregator/fixture.h"
#include "catch.h"

#include <map>
#include <set>

using namespace holter::aggregator;
using namespace holter::aggregator::test;

namespace {

std::size_t series_of(const Snapshot& snapshot, Family family) {
    std::size_t count = 0;
    for (const NumberSeries& series : snapshot.numbers)
        count += series.family == family;
    for (const HistogramSeries& series : snapshot.histograms)
        count += series.family == family;
    return count;
}

std::uint64_t limited(const Snapshot& snapshot, Family family) {
    for (const auto& [of, count] : snapshot.limited)
        if (of == family)
            return count;
    return 0;
}

} // namespace

TEST_CASE("a Go process that has not collected shows zeroes", "[aggregator]") {
    Aggregator aggregator;
    aggregator.add_target(target(3), 0);
    const auto snapshot = aggregator.snapshot(second);
    for (const char* kind : {"sweep_termination", "mark_termination"}) {
        const Histogram* pauses = histogram(*snapshot, Family::gc_pause, {"go", kind});
        REQUIRE(pauses);
        CHECK(pauses->count() == 0);
    }
    CHECK_FALSE(histogram(*snapshot, Family::gc_pause, {"go", "mark_restart"}));
    for (const char* trigger : {"heap", "periodic", "forced"})
        CHECK(number(*snapshot, Family::gc_cycles, {"go", trigger}) == 0);
    CHECK(std::isnan(number(*snapshot, Family::gc_cycles, {"go", "unknown"})));
    CHECK(series_of(*snapshot, Family::go_stop_the_world) == 0);
    CHECK(series_of(*snapshot, Family::gc_heap_live) == 0);
    CHECK(number(*snapshot, Family::targets, {"go"}) == 1);
    CHECK(number(*snapshot, Family::target_info, {"1003", "/srv/shop", "go", "go1.22.12", ""}) ==
          1);
    REQUIRE(snapshot->targets.size() == 1);
    CHECK(snapshot->targets[0].audit == AuditVerdict::pending);
}

TEST_CASE("events are counted by kind, trigger and reason", "[aggregator]") {
    Aggregator aggregator;
    aggregator.add_target(target(0), 0);
    aggregator.on_record(bytes_of(pause(0, HOLTER_GO_SWEEP_TERMINATION, 15'000)));
    aggregator.on_record(
        bytes_of(pause(0, HOLTER_GO_MARK_TERMINATION, 70'000, 1, HOLTER_GO_TRIGGER_FORCED)));
    aggregator.on_record(bytes_of(pause(0, HOLTER_GO_MARK_RESTART, 1'000)));
    aggregator.on_record(
        bytes_of(pause(0, HOLTER_GO_MARK_TERMINATION, 30'000, 2, HOLTER_GO_TRIGGER_UNKNOWN)));
    aggregator.on_record(bytes_of(stop(0, HOLTER_GO_STOP_READ_MEM_STATS, 5'000)));
    aggregator.on_record(bytes_of(stop(0, 4711, 6'000)));
    aggregator.on_record(bytes_of(stop(0, HOLTER_GO_STOP_UNKNOWN, 7'000)));

    const auto snapshot = aggregator.snapshot(1'000'000);
    CHECK(histogram(*snapshot, Family::gc_pause, {"go", "sweep_termination"})->sum() == 15'000);
    CHECK(histogram(*snapshot, Family::gc_pause, {"go", "mark_termination"})->sum() == 100'000);
    CHECK(histogram(*snapshot, Family::gc_pause, {"go", "mark_termination"})->count() == 2);
    REQUIRE(histogram(*snapshot, Family::gc_pause, {"go", "mark_restart"}));
    CHECK(number(*snapshot, Family::gc_cycles, {"go", "forced"}) == 1);
    CHECK(number(*snapshot, Family::gc_cycles, {"go", "unknown"}) == 1);
    CHECK(number(*snapshot, Family::gc_cycles, {"go", "heap"}) == 0);
    CHECK(histogram(*snapshot, Family::go_stop_the_world, {"read_mem_stats"})->sum() == 5'000);
    CHECK(histogram(*snapshot, Family::go_stop_the_world, {"other"})->sum() == 13'000);
    CHECK(number(*snapshot, Family::events, {"go_gc_pause"}) == 4);
    CHECK(number(*snapshot, Family::events, {"go_stop"}) == 3);

    const TargetRow& row = snapshot->targets.at(0);
    CHECK(row.cycles == 2);
    CHECK(row.pauses == 4);
    CHECK(row.pause_sum_ns == 116'000);
    CHECK(row.pause_max_ns == 70'000);
    CHECK(row.pause_share == Approx(0.116));
    CHECK(row.pause_p99_ns <= 70'000);
}

TEST_CASE("what cannot be counted is counted as lost, by cause", "[aggregator]") {
    Aggregator aggregator;
    aggregator.add_target(target(0), 0);
    auto event = pause(0, HOLTER_GO_MARK_TERMINATION, 1);
    const auto all = bytes_of(event);
    for (std::size_t length = 0; length < all.size(); ++length)
        aggregator.on_record(all.first(length));
    event.kind = HOLTER_GO_PAUSE_KINDS;
    aggregator.on_record(bytes_of(event));
    event = pause(0, HOLTER_GO_MARK_TERMINATION, 1, 0, HOLTER_GO_TRIGGERS);
    aggregator.on_record(bytes_of(event));
    event = pause(9, HOLTER_GO_MARK_TERMINATION, 1);
    aggregator.on_record(bytes_of(event));
    event = pause(0xffffffff, HOLTER_GO_MARK_TERMINATION, 1);
    aggregator.on_record(bytes_of(event));
    event = pause(0, HOLTER_GO_MARK_TERMINATION, 1);
    event.event.type = 99;
    aggregator.on_record(bytes_of(event));
    aggregator.set_lost("go_gc_pause", "ring_full", 5);
    aggregator.set_lost("go_gc_pause", "ring_full", 7);

    const auto snapshot = aggregator.snapshot(second);
    CHECK(number(*snapshot, Family::events, {"go_gc_pause"}) == 0);
    CHECK(number(*snapshot, Family::events_lost, {"unknown", "malformed"}) == 8 + 1);
    CHECK(number(*snapshot, Family::events_lost, {"go_gc_pause", "malformed"}) == 24 - 8 + 2);
    CHECK(number(*snapshot, Family::events_lost, {"go_gc_pause", "unknown_target"}) == 2);
    CHECK(number(*snapshot, Family::events_lost, {"go_stop", "unknown_target"}) == 0);
    CHECK(number(*snapshot, Family::events_lost, {"go_gc_pause", "ring_full"}) == 7);
    CHECK(snapshot->targets.at(0).pauses == 0);
}

TEST_CASE("processes of one service add up, and counts outlive them", "[aggregator]") {
    Aggregator aggregator;
    aggregator.add_target(target(0), 0);
    aggregator.add_target(target(1), 0);
    GoMemory memory;
    memory.heap_live_bytes = 100;
    memory.gc_percent = 100;
    memory.memory_limit_bytes = std::numeric_limits<std::int64_t>::max();
    memory.cpu_assist_ns = 1'000;
    aggregator.on_go_memory(0, memory, 0);
    memory.heap_live_bytes = 50;
    memory.gc_percent = -1;
    memory.memory_limit_bytes = 1 << 20;
    aggregator.on_go_memory(1, memory, 0);
    memory.cpu_assist_ns = 1'300;
    aggregator.on_go_memory(1, memory, second);
    aggregator.on_record(bytes_of(pause(0, HOLTER_GO_MARK_TERMINATION, 10, 1)));
    aggregator.on_record(bytes_of(pause(1, HOLTER_GO_MARK_TERMINATION, 30, 1)));

    auto snapshot = aggregator.snapshot(second);
    CHECK(number(*snapshot, Family::gc_heap_live, {"go"}) == 150);
    CHECK(number(*snapshot, Family::go_gc_percent, {}, "shop") == -1);
    CHECK(number(*snapshot, Family::go_memory_limit, {}, "shop") == 1 << 20);
    CHECK(number(*snapshot, Family::gc_cpu, {"go", "assist"}) == 300);
    CHECK(series_of(*snapshot, Family::gc_cpu) == 1);
    CHECK(histogram(*snapshot, Family::gc_pause, {"go", "mark_termination"})->sum() == 40);

    aggregator.remove_target(1);
    snapshot = aggregator.snapshot(2 * second);
    CHECK(number(*snapshot, Family::gc_heap_live, {"go"}) == 100);
    CHECK(number(*snapshot, Family::go_gc_percent, {}, "shop") == 100);
    CHECK(number(*snapshot, Family::gc_cpu, {"go", "assist"}) == 300);
    CHECK(histogram(*snapshot, Family::gc_pause, {"go", "mark_termination"})->sum() == 40);
    CHECK(number(*snapshot, Family::targets, {"go"}) == 1);

    aggregator.remove_target(0);
    aggregator.remove_target(0);
    snapshot = aggregator.snapshot(3 * second);
    CHECK(series_of(*snapshot, Family::gc_heap_live) == 0);
    CHECK(series_of(*snapshot, Family::target_info) == 0);
    CHECK(series_of(*snapshot, Family::targets) == 0);
    CHECK(number(*snapshot, Family::gc_cycles, {"go", "heap"}) == 2);
    CHECK(number(*snapshot, Family::gc_cpu, {"go", "assist"}) == 300);
    CHECK(snapshot->targets.empty());

    // The service comes back: a process that has run for long starts at zero, not at its total.
    aggregator.add_target(target(0), 3 * second);
    memory.cpu_assist_ns = 9'000;
    aggregator.on_go_memory(0, memory, 4 * second);
    memory.cpu_assist_ns = 9'005;
    aggregator.on_go_memory(0, memory, 5 * second);
    memory.cpu_assist_ns = 8'000; // read in mid-update
    aggregator.on_go_memory(0, memory, 6 * second);
    snapshot = aggregator.snapshot(6 * second);
    CHECK(number(*snapshot, Family::gc_cpu, {"go", "assist"}) == 305);
}

TEST_CASE("a gauge that is no longer readable goes", "[aggregator]") {
    Aggregator aggregator;
    aggregator.add_target(target(0), 0);
    GoMemory memory;
    memory.goroutines = 7;
    aggregator.on_go_memory(0, memory, 0);
    CHECK(number(*aggregator.snapshot(0), Family::go_goroutines, {}, "shop") == 7);
    aggregator.on_go_memory(0, {}, 0);
    CHECK(series_of(*aggregator.snapshot(0), Family::go_goroutines) == 0);
}

TEST_CASE("the collector's CPU share is of the time since the first reading", "[aggregator]") {
    Aggregator aggregator;
    aggregator.add_target(target(0), 0);
    GoMemory memory;
    memory.cpu_assist_ns = memory.cpu_dedicated_ns = memory.cpu_idle_ns = memory.cpu_pause_ns = 500;
    memory.cpu_total_ns = 10'000;
    aggregator.on_go_memory(0, memory, 0);
    CHECK_FALSE(aggregator.snapshot(0)->targets.at(0).gc_cpu_share);
    memory.cpu_dedicated_ns = 600;
    memory.cpu_pause_ns = 550;
    memory.cpu_total_ns = 11'000;
    aggregator.on_go_memory(0, memory, 0);
    CHECK(aggregator.snapshot(0)->targets.at(0).gc_cpu_share.value() == Approx(0.15));
}

TEST_CASE("services without processes expire", "[aggregator]") {
    Aggregator aggregator({.series_per_family = 100, .service_retention_ns = 60 * second});
    aggregator.add_target(target(0), 0);
    aggregator.add_target(target(1, "other-one"), 0);
    aggregator.expire(1'000 * second);
    aggregator.remove_target(0);
    aggregator.expire(1'001 * second);
    aggregator.expire(1'060 * second);
    CHECK(series_of(*aggregator.snapshot(0), Family::gc_pause) == 4);
    aggregator.expire(1'061 * second);
    CHECK(series_of(*aggregator.snapshot(0), Family::gc_pause) == 2);
    CHECK_FALSE(histogram(*aggregator.snapshot(0), Family::gc_pause, {"go", "mark_termination"}));

    // One that comes back in time does not.
    aggregator.remove_target(1);
    aggregator.expire(2'000 * second);
    aggregator.add_target(target(1, "other-one"), 0);
    aggregator.remove_target(1);
    aggregator.expire(2'070 * second);
    CHECK(series_of(*aggregator.snapshot(0), Family::gc_pause) == 2);
}

TEST_CASE("beyond the limit series share the service `other`, and that is counted",
          "[aggregator]") {
    Aggregator aggregator({.series_per_family = 10, .service_retention_ns = 60 * second});
    for (TargetId id = 0; id < 20; ++id) {
        aggregator.add_target(target(id, "s" + std::to_string(id)), 0);
        aggregator.on_record(bytes_of(pause(id, HOLTER_GO_MARK_TERMINATION, 10, 1)));
    }
    auto snapshot = aggregator.snapshot(second);
    CHECK(series_of(*snapshot, Family::gc_pause) == 12);
    CHECK(limited(*snapshot, Family::gc_pause) == 30);
    CHECK(limited(*snapshot, Family::go_stop_the_world) == 0);
    CHECK(histogram(*snapshot, Family::gc_pause, {"go", "mark_termination"}, "other")->count() ==
          15);
    std::uint64_t all = 0;
    for (const HistogramSeries& series : snapshot->histograms)
        all += series.value.count();
    CHECK(all == 20);
    // Information has no meaning in `other`: one series says that there is more.
    CHECK(series_of(*snapshot, Family::target_info) == 11);
    CHECK(number(*snapshot, Family::target_info, {"", "", "", "", ""}, "other") == 1);

    // A dead service makes room for a living one.
    aggregator.remove_target(0);
    aggregator.remove_target(1);
    aggregator.remove_target(15);
    aggregator.add_target(target(15, "new"), 0);
    snapshot = aggregator.snapshot(second);
    CHECK(histogram(*snapshot, Family::gc_pause, {"go", "mark_termination"}, "new"));
    CHECK_FALSE(histogram(*snapshot, Family::gc_pause, {"go", "mark_termination"}, "s0"));
    CHECK(histogram(*snapshot, Family::gc_pause, {"go", "mark_termination"}, "other")->count() ==
          15);
}

TEST_CASE("dependencies are shared by the processes of a service", "[aggregator]") {
    Aggregator aggregator({.series_per_family = 3, .service_retention_ns = 0});
    Target with = target(0);
    with.dependencies = {{"example.com/a", "v1"}, {"example.com/b", "v2"}};
    aggregator.add_target(with, 0);
    with.id = 1;
    aggregator.add_target(with, 0);
    CHECK(series_of(*aggregator.snapshot(0), Family::dependency_info) == 2);
    CHECK(aggregator.snapshot(0)->targets.at(0).target->dependencies.empty());
    with.id = 2;
    for (int i = 0; i < 50; ++i)
        with.dependencies.push_back({"example.com/" + std::to_string(i), "v1"});
    aggregator.add_target(with, 0);
    CHECK(series_of(*aggregator.snapshot(0), Family::dependency_info) == 4);
    CHECK(limited(*aggregator.snapshot(0), Family::dependency_info) == 49);
    aggregator.remove_target(2);
    aggregator.remove_target(0);
    CHECK(series_of(*aggregator.snapshot(0), Family::dependency_info) == 2);
    aggregator.remove_target(1);
    CHECK(series_of(*aggregator.snapshot(0), Family::dependency_info) == 0);
}

TEST_CASE("a hostile process cannot make two series that look the same", "[aggregator]") {
    Aggregator aggregator;
    aggregator.add_target(target(0, std::string(300, 'x') + "a"), 0);
    aggregator.add_target(target(1, std::string(300, 'x') + "b"), 0);
    aggregator.add_target(target(2, "\xFF"), 0);
    aggregator.add_target(target(3, "\xFE"), 0);
    const auto snapshot = aggregator.snapshot(0);
    CHECK(series_of(*snapshot, Family::gc_pause) == 4);
}

TEST_CASE("a runtime without a signal of its own is a target all the same", "[aggregator]") {
    Aggregator aggregator;
    Target ruby = target(0);
    ruby.runtime = "ruby";
    aggregator.add_target(ruby, 0);
    aggregator.on_go_memory(0, {}, 0);
    aggregator.set_probes(0, {});
    const auto snapshot = aggregator.snapshot(0);
    CHECK(number(*snapshot, Family::targets, {"ruby"}) == 1);
    CHECK(snapshot->histograms.empty());
}

TEST_CASE("what Holter says about itself", "[aggregator]") {
    Aggregator aggregator;
    aggregator.add_target(target(0), 0);
    aggregator.add_target(target(1), 0);
    const Probe attached{"gc_pause", "attached", "emulated", ""};
    const Probe failed{"gc_start", "failed", "", "inlined"};
    aggregator.set_probes(0, {attached, failed});
    aggregator.set_probes(1, {attached});
    aggregator.set_probes(99, {attached});
    aggregator.set_probe_hits("gc_pause", 12);
    aggregator.set_probe_hit_cost("emulated", "go_gc", 7e-7);
    aggregator.set_overhead(0, 0.001);
    aggregator.set_overhead(1, 0.003);
    aggregator.set_overhead(99, 1);
    const auto snapshot = aggregator.snapshot(0);
    CHECK(number(*snapshot, Family::probes, {"gc_pause", "attached", "emulated", ""}) == 2);
    CHECK(number(*snapshot, Family::probes, {"gc_start", "failed", "", "inlined"}) == 1);
    CHECK(number(*snapshot, Family::probe_hits, {"gc_pause"}) == 12);
    CHECK(number(*snapshot, Family::probe_hit_cost, {"emulated", "go_gc"}) == 7e-7);
    CHECK(number(*snapshot, Family::overhead, {}, "shop") == 0.003);
    CHECK(number(*snapshot, Family::audit_checks, {"gc_cycles"}) == 0);
    CHECK(snapshot->targets.at(0).probes.size() == 2);
}

TEST_CASE("a snapshot is ordered, has no duplicates and no holes", "[aggregator]") {
    Aggregator aggregator;
    for (TargetId id = 0; id < 8; ++id) {
        aggregator.add_target(target(id, "s" + std::to_string(id % 3)), 0);
        aggregator.on_record(bytes_of(stop(id, 3 + id, 1)));
        GoMemory memory;
        memory.heap_live_bytes = memory.heap_goal_bytes = memory.goroutines = 1;
        memory.gc_percent = memory.memory_limit_bytes = 1;
        memory.cpu_assist_ns = 1;
        aggregator.on_go_memory(id, memory, 0);
        aggregator.set_overhead(id, 0.1);
    }
    const auto snapshot = aggregator.snapshot(0);
    std::set<std::tuple<Family, std::string, std::vector<std::string>>> seen;
    Family last{};
    for (const NumberSeries& series : snapshot->numbers) {
        CHECK(last <= series.family);
        last = series.family;
        CHECK_FALSE(std::isnan(series.value));
        const std::string service =
            series.labels->service ? series.labels->service->service_name : "";
        CHECK(seen.emplace(series.family, service, series.labels->own).second);
    }
}
