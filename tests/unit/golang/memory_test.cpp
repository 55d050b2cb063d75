// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/account/memory.h"

#include "catch.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <map>
#include <unistd.h>

using holter::elf::Machine;
using namespace holter::golang;

namespace {

/// A target that consists of what was written into it.
class FakeTarget {
  public:
    explicit FakeTarget(const char* version)
        : offsets(Offsets::from_table(OffsetTable::embedded(), "std", version, Machine::x86_64)),
          go(*parse_go_version(version)) {
        for (const std::uint64_t address : {memstats, controller, work, sched, p_at(0), p_at(1)}) {
            memory[address].resize(0x5000);
        }
        memory[allp].resize(24);
        memory[allglen].resize(8);
        memory[ps].resize(16);

        set(memstats, "runtime.mstats.numgc", std::uint32_t{7});
        set(memstats, "runtime.mstats.numforcedgc", std::uint32_t{2});
        set(memstats, "runtime.mstats.pause_total_ns", std::uint64_t{12345});
        set(controller, "runtime.gcControllerState.gcPercent", std::int32_t{100});
        set(controller, "runtime.gcControllerState.heapMinimum", std::uint64_t{4 << 20});
        set(controller, "runtime.gcControllerState.memoryLimit",
            std::numeric_limits<std::int64_t>::max());
        set(controller, "runtime.gcControllerState.heapMarked", std::uint64_t{3000});
        set(controller, "runtime.gcControllerState.gcPercentHeapGoal", std::uint64_t{6000});
        set(controller, "runtime.gcControllerState.heapGoal", std::uint64_t{6000});
        set(controller, "runtime.gcControllerState.triggered", ~std::uint64_t{0});
        set(controller, "runtime.gcControllerState.mappedReady", std::uint64_t{9000});
        for (const char* name : {"gcPauseTime", "GCPauseTime"}) {
            set(work, std::string("runtime.workType.cpuStats.") + name, std::uint64_t{99});
        }
        for (const char* name : {"totalTime", "TotalTime"}) {
            set(work, std::string("runtime.workType.cpuStats.") + name, std::uint64_t{1000});
        }
        put(allglen, std::uint64_t{50});
        put(allp, ps);
        put(allp + 8, std::uint64_t{2});
        put(ps, p_at(0));
        put(ps + 8, p_at(1));
        set(sched, "runtime.schedt.ngsys", std::uint32_t{5});
        set(sched, "runtime.schedt.gFree.n", std::int32_t{4});
        set(sched, "runtime.schedt.gFree.stack.size", std::int32_t{3});
        set(sched, "runtime.schedt.gFree.noStack.size", std::int32_t{1});
        for (const char* name : {"runtime.p.gFree.n", "runtime.p.gFree.size"}) {
            set(p_at(0), name, std::int32_t{10});
            set(p_at(1), name, std::int32_t{1});
        }
    }

    static std::uint64_t p_at(std::uint64_t i) { return 0x80000 + i * 0x10000; }

    template <typename T> void put(std::uint64_t address, T value) {
        const auto region = std::prev(memory.upper_bound(address));
        const std::size_t at = static_cast<std::size_t>(address - region->first);
        REQUIRE(at + sizeof value <= region->second.size());
        std::memcpy(region->second.data() + at, &value, sizeof value);
    }

    /// Nothing happens if this release has no such field.
    template <typename T> void set(std::uint64_t base, const std::string& name, T value) {
        if (const auto offset = offsets.field(name)) {
            put(base + *offset, value);
        }
    }

    GoMemoryReader reader(const RuntimeVariables& variables = {memstats, controller, work, sched,
                                                               allp, allglen}) {
        return {offsets, go, variables, [this](std::uint64_t address, std::span<std::byte> into) {
                    ++reads;
                    const auto after = memory.upper_bound(address);
                    if (after == memory.begin()) {
                        return false;
                    }
                    const auto& [begin, bytes] = *std::prev(after);
                    if (address - begin > bytes.size() ||
                        into.size() > bytes.size() - (address - begin)) {
                        return false;
                    }
                    std::memcpy(into.data(), bytes.data() + (address - begin), into.size());
                    return true;
                }};
    }

    static constexpr std::uint64_t memstats = 0x10000;
    static constexpr std::uint64_t controller = 0x20000;
    static constexpr std::uint64_t work = 0x30000;
    static constexpr std::uint64_t sched = 0x40000;
    static constexpr std::uint64_t allp = 0x50000;
    static constexpr std::uint64_t allglen = 0x60000;
    static constexpr std::uint64_t ps = 0x70000;

    Offsets offsets;
    GoVersion go;
    std::map<std::uint64_t, std::vector<std::byte>> memory;
    int reads = 0;
};

} // namespace

TEST_CASE("everything a release keeps is read") {
    for (const char* version : {"go1.20.14", "go1.22.12", "go1.25.3", "go1.27.4"}) {
        INFO(version);
        FakeTarget target(version);
        const MemoryReading got = target.reader().read();
        CHECK(got.errors.empty());
        CHECK(got.gc_percent == 100);
        CHECK(got.memory_limit_bytes == std::numeric_limits<std::int64_t>::max());
        CHECK(got.heap_live_bytes == 3000);
        CHECK(got.heap_goal_bytes == 6000);
        CHECK(got.numgc == 7);
        CHECK(got.numforcedgc == 2);
        CHECK(got.pause_total_ns == 12345);
        CHECK(got.cpu_pause_ns == 99);
        CHECK(got.cpu_assist_ns == 0);
        CHECK(got.cpu_total_ns == 1000);
        CHECK(got.goroutines == 50 - 5 - 4 - 11);
        CHECK(target.reads == 9); // memstats, gcController, work, sched, allglen, allp, its Ps
    }
}

TEST_CASE("what Go 1.18 does not have is empty, not zero") {
    FakeTarget target("go1.18.10");
    const MemoryReading got = target.reader().read();
    CHECK(got.errors.empty());
    CHECK(got.gc_percent == 100);
    CHECK(got.memory_limit_bytes == std::nullopt);
    CHECK(got.heap_goal_bytes == 6000);
    CHECK(got.cpu_pause_ns == std::nullopt);
    CHECK(got.cpu_total_ns == std::nullopt);
    CHECK(got.goroutines == 30);
}

TEST_CASE("a collector that is switched off reads as -1") {
    FakeTarget target("go1.22.12");
    target.set(target.controller, "runtime.gcControllerState.gcPercent", std::int32_t{-1});
    target.set(target.controller, "runtime.gcControllerState.heapMinimum",
               (~std::uint64_t{0} - (4 << 20) + 1) / 100);
    const MemoryReading got = target.reader().read();
    CHECK(got.errors.empty());
    CHECK(got.gc_percent == -1);
}

TEST_CASE("variables that are not known leave their part empty") {
    FakeTarget target("go1.22.12");
    const MemoryReading got = target
                                  .reader({.memstats = FakeTarget::memstats,
                                           .gc_controller = {},
                                           .work = {},
                                           .sched = FakeTarget::sched,
                                           .allp = {},
                                           .allglen = FakeTarget::allglen})
                                  .read();
    CHECK(got.errors.empty());
    CHECK(got.numgc == 7);
    CHECK(got.gc_percent == std::nullopt);
    CHECK(got.cpu_total_ns == std::nullopt);
    CHECK(got.goroutines == std::nullopt);
}

TEST_CASE("an implausible group is empty and says so, the others are read") {
    struct Case {
        std::uint64_t base;
        const char* field;
        std::uint64_t value;
    };
    const Case cases[] = {
        {FakeTarget::controller, "runtime.gcControllerState.gcPercent", 0xfffffffe}, // -2
        {FakeTarget::controller, "runtime.gcControllerState.gcPercent", 101},
        {FakeTarget::controller, "runtime.gcControllerState.memoryLimit", ~std::uint64_t{0}},
        {FakeTarget::controller, "runtime.gcControllerState.heapMarked", std::uint64_t{1} << 60},
        {FakeTarget::controller, "runtime.gcControllerState.heapFree", 9001},
        {FakeTarget::memstats, "runtime.mstats.numforcedgc", 9},
        {FakeTarget::work, "runtime.workType.cpuStats.gcAssistTime", ~std::uint64_t{0}},
        {FakeTarget::sched, "runtime.schedt.ngsys", 0x7fffffff},
        {FakeTarget::sched, "runtime.schedt.gFree.n", 0x80000000},
    };
    for (const Case& test : cases) {
        INFO(test.field << " = " << test.value);
        FakeTarget target("go1.22.12");
        if (std::string(test.field).find("gcPercent") != std::string::npos ||
            test.base == FakeTarget::memstats || test.base == FakeTarget::sched) {
            target.set(test.base, test.field, static_cast<std::uint32_t>(test.value));
        } else {
            target.set(test.base, test.field, test.value);
        }
        const MemoryReading got = target.reader().read();
        REQUIRE(got.errors.size() == 1);
        CHECK(got.errors[0].reason == "memory_implausible");
        CHECK(got.gc_percent.has_value() == (test.base != FakeTarget::controller));
        CHECK(got.heap_goal_bytes.has_value() == (test.base != FakeTarget::controller));
        CHECK(got.numgc.has_value() == (test.base != FakeTarget::memstats));
        CHECK(got.cpu_total_ns.has_value() == (test.base != FakeTarget::work));
        CHECK(got.goroutines.has_value() == (test.base != FakeTarget::sched));
    }
}

TEST_CASE("zeroes are not taken for an account") {
    for (const char* version : {"go1.18.10", "go1.19.13", "go1.27.4"}) {
        INFO(version);
        FakeTarget target(version);
        for (auto& [address, bytes] : target.memory) {
            std::fill(bytes.begin(), bytes.end(), std::byte{0});
        }
        const MemoryReading got = target.reader().read();
        CHECK(got.gc_percent == std::nullopt);
        CHECK(got.heap_goal_bytes == std::nullopt);
        CHECK(got.goroutines == std::nullopt);
        CHECK(got.errors.size() == 2);
    }
}

TEST_CASE("counts of a process do not go back") {
    FakeTarget target("go1.22.12");
    auto reader = target.reader();
    CHECK(reader.read().errors.empty());
    target.set(target.memstats, "runtime.mstats.numgc", std::uint32_t{6});
    const MemoryReading back = reader.read();
    CHECK(back.errors.size() == 1);
    CHECK(back.numgc == std::nullopt);
    target.set(target.memstats, "runtime.mstats.numgc", std::uint32_t{8});
    CHECK(reader.read().numgc == 8);
}

TEST_CASE("a list of Ps that cannot be is not followed") {
    FakeTarget target("go1.22.12");
    target.put(FakeTarget::allp + 8, std::uint64_t{1} << 40);
    CHECK(target.reader().read().errors.at(0).reason == "memory_implausible");
    target.put(FakeTarget::allp + 8, std::uint64_t{2});
    target.put(FakeTarget::ps + 8, std::uint64_t{8}); // nothing is mapped there
    CHECK(target.reader().read().errors.at(0).reason == "memory_unreadable");
    target.put(FakeTarget::ps + 8, ~std::uint64_t{0});
    CHECK(target.reader().read().errors.at(0).reason == "memory_unreadable");
}

TEST_CASE("a target that is gone gives errors and no values") {
    FakeTarget target("go1.27.4");
    target.memory.clear();
    const MemoryReading got = target.reader().read();
    CHECK(got.errors.size() == 4);
    CHECK(got.errors[0].reason == "memory_unreadable");
    CHECK(got.numgc == std::nullopt);
    CHECK(got.goroutines == std::nullopt);
}

TEST_CASE("memory is read through a descriptor of it") {
    const int fd = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    const auto read = read_through(fd);
    const std::uint64_t value = 0x1122334455667788;
    std::uint64_t got = 0;
    const auto address = reinterpret_cast<std::uintptr_t>(&value);
    CHECK(read(address, std::as_writable_bytes(std::span(&got, 1))));
    CHECK(got == value);
    CHECK_FALSE(read(8, std::as_writable_bytes(std::span(&got, 1))));
    CHECK_FALSE(read(~std::uint64_t{7}, std::as_writable_bytes(std::span(&got, 1))));
    ::close(fd);
}
