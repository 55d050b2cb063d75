// SPDX-License-Identifier: Apache-2.0
#include "loader/process/process_table.h"

#include "catch.h"
#include "process/fake_procfs.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace holter::process {
namespace {

constexpr std::uint64_t later = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t exiting = 4;
constexpr std::uint32_t kernel_thread = 0x00200000;

/// A table over a fake procfs that writes down what it is told.
struct Scene {
    FakeProcfs fake;
    Procfs procfs{fake.root()};
    std::vector<std::string> told;
    ProcessTable table{procfs, {note("appeared"), note("replaced"), note("gone")}};

    std::function<void(const Identity&)> note(const std::string& what) {
        return [this, what](const Identity& identity) {
            told.push_back(what + " " + std::to_string(identity.pid) + "." +
                           std::to_string(identity.start_time));
        };
    }
    std::vector<std::string> heard() { return std::exchange(told, {}); }
    void apply(const std::vector<holter_process_event>& events) { table.apply(events); }
};

using Told = std::vector<std::string>;

TEST_CASE("process table: the first look announces everything but kernel threads and the dead") {
    Scene scene;
    scene.fake.run(2, {.flags = kernel_thread});
    scene.fake.run(7, {});
    scene.fake.run(8, {.flags = exiting, .threads = 1});
    scene.fake.run(9, {.flags = exiting, .threads = 2}); // its main thread ended first
    scene.table.reconcile({2, 7, 8, 9, 10});
    CHECK(scene.heard() == Told{"appeared 7.100", "appeared 9.100"});
    scene.table.reconcile({2, 7, 8, 9, 10});
    CHECK(scene.heard().empty());
}

TEST_CASE("process table: exec announces at once, and only once what is known already") {
    Scene scene;
    scene.fake.run(7, {});
    scene.apply({{HOLTER_PROCESS_EXEC, 7, 1}, {HOLTER_PROCESS_EXEC, 7, 2}});
    CHECK(scene.heard() == Told{"appeared 7.100"});
    scene.apply({{HOLTER_PROCESS_EXEC, 7, 3}}); // older than our look
    CHECK(scene.heard().empty());
    scene.apply({{HOLTER_PROCESS_EXEC, 7, later}});
    CHECK(scene.heard() == Told{"replaced 7.100"});
}

TEST_CASE("process table: an exec that was over before its turn is nothing") {
    Scene scene;
    scene.apply({{HOLTER_PROCESS_FORK, 7, 1}, {HOLTER_PROCESS_EXEC, 7, 2}});
    scene.apply({});
    CHECK(scene.heard().empty());
    CHECK(scene.table.size() == 0);
}

TEST_CASE("process table: a fork waits a round for its exec") {
    Scene scene;
    scene.fake.run(7, {});
    scene.fake.run(8, {});
    scene.fake.run(9, {});
    scene.apply(
        {{HOLTER_PROCESS_FORK, 7, 1}, {HOLTER_PROCESS_FORK, 8, 1}, {HOLTER_PROCESS_FORK, 9, 1}});
    scene.table.reconcile({7, 8, 9}); // does not push ahead
    CHECK(scene.heard().empty());
    scene.fake.end(9);
    scene.apply({{HOLTER_PROCESS_EXEC, 8, 2}});
    CHECK(scene.heard() == Told{"appeared 8.100", "appeared 7.100"});
    scene.apply({});
    CHECK(scene.heard().empty());
}

TEST_CASE("process table: the end of a watched process is told once") {
    Scene scene;
    scene.fake.run(7, {});
    scene.fake.run(8, {});
    scene.table.reconcile({7, 8});
    scene.heard();
    CHECK(scene.table.watch({7, 100}));
    scene.apply({{HOLTER_PROCESS_EXIT, 7, later}, {HOLTER_PROCESS_EXIT, 7, later}});
    CHECK(scene.heard() == Told{"gone 7.100"});
    scene.table.reconcile({7, 8}); // still tearing down: neither back nor gone again
    scene.fake.end(7);
    scene.fake.end(8); // was not watched
    scene.table.reconcile({});
    CHECK(scene.heard().empty());
    CHECK(scene.table.size() == 0);
}

TEST_CASE("process table: a lost exit is found by looking") {
    Scene scene;
    scene.fake.run(7, {});
    scene.fake.run(8, {});
    scene.table.reconcile({7, 8});
    scene.heard();
    CHECK(scene.table.watch({7, 100}));
    CHECK(scene.table.watch({8, 100}));
    scene.fake.end(7);
    scene.fake.run(8, {.flags = exiting, .threads = 1}); // unreaped
    scene.table.reconcile({8});
    CHECK(scene.heard() == Told{"gone 7.100", "gone 8.100"});
}

TEST_CASE("process table: a lost exec is found by looking") {
    Scene scene;
    scene.fake.run(7, {.image = 0x1000});
    scene.table.reconcile({7});
    scene.heard();
    scene.fake.run(7, {.image = 0}); // its main thread ended: nothing to see
    scene.table.reconcile({7});
    CHECK(scene.heard().empty());
    scene.fake.run(7, {.image = 0x2000});
    scene.table.reconcile({7});
    CHECK(scene.heard() == Told{"replaced 7.100"});
}

TEST_CASE("process table: a number that is used again is another process") {
    Scene scene;
    scene.fake.run(7, {.start_time = 100});
    scene.table.reconcile({7});
    CHECK(scene.table.watch({7, 100}));
    scene.heard();
    scene.fake.run(7, {.start_time = 200});
    scene.table.reconcile({7});
    CHECK(scene.heard() == Told{"gone 7.100", "appeared 7.200"});
    CHECK_FALSE(scene.table.watch({7, 100}));
    CHECK(scene.table.watch({7, 200}));
    // The old one's exit comes late: 200 ticks after boot is at least 0.2 s.
    scene.apply({{HOLTER_PROCESS_EXIT, 7, 100'000'000}});
    CHECK(scene.heard().empty());
}

TEST_CASE("process table: watching asks who is there") {
    Scene scene;
    CHECK_FALSE(scene.table.watch({7, 100}));
    scene.fake.run(7, {.flags = exiting, .threads = 1});
    CHECK_FALSE(scene.table.watch({7, 100}));
    scene.fake.run(7, {});
    CHECK(scene.table.watch({7, 100}));
    scene.table.unwatch({7, 99}); // someone else
    scene.table.unwatch({7, 100});
    scene.fake.end(7);
    scene.table.reconcile({});
    CHECK(scene.heard().empty());
}

TEST_CASE("process table: too many unlooked-at ends make it worth a look") {
    Scene scene;
    ProcessTable table(scene.procfs, {scene.note("appeared"), {}, {}}, 3);
    CHECK_FALSE(table.crowded());
    for (std::uint32_t pid = 1; pid <= 4; ++pid) {
        CHECK_FALSE(table.crowded());
        scene.fake.run(static_cast<pid_t>(pid), {});
        table.apply(std::vector<holter_process_event>{{HOLTER_PROCESS_EXEC, pid, 1}});
    }
    CHECK(table.crowded());
    table.reconcile({});
    CHECK_FALSE(table.crowded());
    CHECK(table.size() == 0);
}

} // namespace
} // namespace holter::process
