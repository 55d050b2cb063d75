// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/account/memory.h"

#include "loader/elf/bytes.h"
#include "loader/golang/account/heap_goal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <initializer_list>
#include <limits>
#include <string>
#include <unistd.h>
#include <utility>

namespace holter::golang {

namespace {

/// Address space of a process on 64-bit machines as Go uses it, and so the most of any heap.
constexpr std::uint64_t address_space = std::uint64_t{1} << 48;
/// The structs read here are a few KiB; offsets that are further apart are wrong.
constexpr std::uint64_t max_block = 64 << 10;
/// Of Ps that are read; a target with more has no count of goroutines.
constexpr std::uint64_t max_ps = 4096;
constexpr std::uint64_t max_goroutines = std::uint64_t{1} << 31;
/// Where the heap starts to be collected under GOGC=100; the smaller one is an experiment of Go.
constexpr std::array<std::uint64_t, 2> default_heap_minimum = {4 << 20, 512 << 10};
/// A reading between two updates of the target is repeated.
constexpr int attempts = 3;

Error unreadable(const std::string& what) {
    return {"memory_unreadable", "cannot read " + what + " of the target"};
}

Error implausible(const std::string& what) {
    return {"memory_implausible", what + ": not what this Go release keeps there"};
}

/// The part of a struct of the target from its first to its last wanted field.
class Block {
  public:
    struct Part {
        std::optional<std::uint64_t> offset;
        std::uint64_t width = 0;
    };

    /// One read for all `parts` that there are. Of none, an empty block.
    static std::optional<Block> read(const ReadMemory& read, std::uint64_t address,
                                     const std::vector<Part>& parts) {
        Block block;
        std::uint64_t end = 0;
        block.begin_ = std::numeric_limits<std::uint64_t>::max();
        for (const Part& part : parts) {
            if (part.offset) {
                block.begin_ = std::min(block.begin_, *part.offset);
                end = std::max(end, *part.offset + part.width);
            }
        }
        if (end == 0) {
            return block;
        }
        if (end - block.begin_ > max_block) {
            return std::nullopt;
        }
        block.bytes_.resize(static_cast<std::size_t>(end - block.begin_));
        if (!read(address + block.begin_, block.bytes_)) {
            return std::nullopt;
        }
        return block;
    }

    /// The field at `offset`, one of the parts; nullopt if there is none.
    template <typename T> std::optional<T> get(std::optional<std::uint64_t> offset) const {
        if (!offset) {
            return std::nullopt;
        }
        return elf::load<T>(bytes_, static_cast<std::size_t>(*offset - begin_));
    }

  private:
    std::uint64_t begin_ = 0;
    std::vector<std::byte> bytes_;
};

/// GOGC and the heap minimum are set together, so they vouch for each other, and for the address.
bool minimum_matches(std::int32_t gc_percent, std::uint64_t heap_minimum) {
    const auto factor = static_cast<std::uint64_t>(std::int64_t{gc_percent});
    return std::any_of(
        default_heap_minimum.begin(), default_heap_minimum.end(),
        [&](std::uint64_t by_default) { return heap_minimum == by_default * factor / 100; });
}

bool all_of_heap(std::initializer_list<std::optional<std::uint64_t>> values) {
    return std::all_of(values.begin(), values.end(),
                       [](const auto& value) { return value.value_or(0) < address_space; });
}

} // namespace

ReadMemory read_through(int mem_fd) {
    return [mem_fd](std::uint64_t address, std::span<std::byte> into) {
        while (!into.empty()) {
            if (address > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) {
                return false;
            }
            const ssize_t got =
                ::pread(mem_fd, into.data(), into.size(), static_cast<off_t>(address));
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got <= 0) {
                return false;
            }
            into = into.subspan(static_cast<std::size_t>(got));
            address += static_cast<std::uint64_t>(got);
        }
        return true;
    };
}

GoMemoryReader::GoMemoryReader(const Offsets& offsets, const GoVersion& version,
                               const RuntimeVariables& variables, ReadMemory read)
    : version_(version), variables_(variables), read_(std::move(read)) {
    memstats_.numgc = offsets.field("runtime.mstats.numgc");
    memstats_.numforcedgc = offsets.field("runtime.mstats.numforcedgc");
    memstats_.pause_total_ns = offsets.field("runtime.mstats.pause_total_ns");

    const auto controller = [&](const char* name) {
        return offsets.field("runtime.gcControllerState." + std::string(name));
    };
    controller_.gc_percent = controller("gcPercent");
    controller_.heap_minimum = controller("heapMinimum");
    controller_.heap_marked = controller("heapMarked");
    controller_.stored_goal = controller("heapGoal");
    controller_.memory_limit = controller("memoryLimit");
    controller_.gc_percent_goal = controller("gcPercentHeapGoal");
    controller_.sweep_trigger = controller("sweepDistMinTrigger");
    controller_.triggered = controller("triggered");
    controller_.heap_free = controller("heapFree");
    controller_.total_alloc = controller("totalAlloc");
    controller_.total_free = controller("totalFree");
    controller_.mapped_ready = controller("mappedReady");

    const auto cpu = [&](const std::string& name, const std::string& until_go_1_23) {
        const std::string path = "runtime.workType.cpuStats.";
        return offsets.field({path + name, path + until_go_1_23});
    };
    cpu_.assist = cpu("GCAssistTime", "gcAssistTime");
    cpu_.dedicated = cpu("GCDedicatedTime", "gcDedicatedTime");
    cpu_.idle = cpu("GCIdleTime", "gcIdleTime");
    cpu_.pause = cpu("GCPauseTime", "gcPauseTime");
    cpu_.total = cpu("TotalTime", "totalTime");

    if (const auto count = offsets.field("runtime.schedt.gFree.n")) {
        goroutines_.free_in_sched = {count};
    } else { // Go 1.25 and later
        goroutines_.free_in_sched = {offsets.field("runtime.schedt.gFree.stack.size"),
                                     offsets.field("runtime.schedt.gFree.noStack.size")};
    }
    goroutines_.system_goroutines = offsets.field("runtime.schedt.ngsys");
    goroutines_.free_in_p = offsets.field({"runtime.p.gFree.n", "runtime.p.gFree.size"});
}

MemoryReading GoMemoryReader::read() {
    MemoryReading out;
    for (const auto group : {&GoMemoryReader::read_memstats, &GoMemoryReader::read_controller,
                             &GoMemoryReader::read_cpu, &GoMemoryReader::read_goroutines}) {
        std::optional<Error> error;
        for (int i = 0; i < attempts; ++i) {
            error = (this->*group)(out);
            if (!error) {
                break;
            }
        }
        if (error) {
            out.errors.push_back(std::move(*error));
        }
    }
    return out;
}

std::optional<Error> GoMemoryReader::read_memstats(MemoryReading& out) {
    if (!variables_.memstats) {
        return std::nullopt;
    }
    const auto block = Block::read(
        read_, *variables_.memstats,
        {{memstats_.numgc, 4}, {memstats_.numforcedgc, 4}, {memstats_.pause_total_ns, 8}});
    if (!block) {
        return unreadable("runtime.memstats");
    }
    const auto numgc = block->get<std::uint32_t>(memstats_.numgc);
    const auto numforcedgc = block->get<std::uint32_t>(memstats_.numforcedgc);
    const auto pause_total_ns = block->get<std::uint64_t>(memstats_.pause_total_ns);
    // A forced cycle is counted as such an instant before it is counted.
    const bool forced_too_many = numgc && numforcedgc && *numforcedgc > std::uint64_t{*numgc} + 1;
    if (forced_too_many || numgc.value_or(previous_.numgc) < previous_.numgc ||
        numforcedgc.value_or(previous_.numforcedgc) < previous_.numforcedgc ||
        pause_total_ns.value_or(previous_.pause_total_ns) < previous_.pause_total_ns ||
        (numgc && *numgc == 0 && pause_total_ns.value_or(0) > address_space)) {
        return implausible("runtime.memstats");
    }
    previous_.numgc = numgc.value_or(0);
    previous_.numforcedgc = numforcedgc.value_or(0);
    previous_.pause_total_ns = pause_total_ns.value_or(0);
    out.numgc = numgc;
    out.numforcedgc = numforcedgc;
    out.pause_total_ns = pause_total_ns;
    return std::nullopt;
}

std::optional<Error> GoMemoryReader::read_controller(MemoryReading& out) {
    if (!variables_.gc_controller) {
        return std::nullopt;
    }
    const ControllerFields& at = controller_;
    const auto block = Block::read(read_, *variables_.gc_controller,
                                   {{at.gc_percent, 4},
                                    {at.heap_minimum, 8},
                                    {at.heap_marked, 8},
                                    {at.stored_goal, 8},
                                    {at.memory_limit, 8},
                                    {at.gc_percent_goal, 8},
                                    {at.sweep_trigger, 8},
                                    {at.triggered, 8},
                                    {at.heap_free, 8},
                                    {at.total_alloc, 8},
                                    {at.total_free, 8},
                                    {at.mapped_ready, 8}});
    if (!block) {
        return unreadable("runtime.gcController");
    }
    const auto word = [&](Field field) { return block->get<std::uint64_t>(field); };
    const auto gc_percent = block->get<std::int32_t>(at.gc_percent);
    const auto heap_minimum = word(at.heap_minimum);
    const auto memory_limit = block->get<std::int64_t>(at.memory_limit);
    const auto heap_marked = word(at.heap_marked);
    // No Go process is without mapped memory, or (where that is not kept) without any goal.
    const bool nothing_there = word(at.mapped_ready).value_or(1) == 0 ||
                               (word(at.stored_goal) == 0U && heap_marked.value_or(0) == 0);
    if (nothing_there || gc_percent.value_or(0) < -1 || memory_limit.value_or(0) < 0 ||
        !all_of_heap({heap_marked, word(at.heap_free), word(at.mapped_ready)}) ||
        (gc_percent && heap_minimum && !minimum_matches(*gc_percent, *heap_minimum))) {
        return implausible("runtime.gcController");
    }
    std::optional<std::uint64_t> goal = word(at.stored_goal);
    if (!goal && at.gc_percent_goal && at.sweep_trigger && at.triggered && memory_limit &&
        heap_marked && at.heap_free && at.total_alloc && at.total_free && at.mapped_ready) {
        goal = heap_goal({.gc_percent_goal = *word(at.gc_percent_goal),
                          .sweep_trigger = *word(at.sweep_trigger),
                          .triggered = *word(at.triggered),
                          .memory_limit = static_cast<std::uint64_t>(*memory_limit),
                          .heap_marked = *heap_marked,
                          .heap_free = *word(at.heap_free),
                          .total_alloc = *word(at.total_alloc),
                          .total_free = *word(at.total_free),
                          .mapped_ready = *word(at.mapped_ready)},
                         version_);
        if (!goal) {
            return implausible("heap statistics in runtime.gcController");
        }
    }
    out.gc_percent = gc_percent;
    out.memory_limit_bytes = memory_limit;
    out.heap_live_bytes = heap_marked;
    out.heap_goal_bytes = goal;
    return std::nullopt;
}

std::optional<Error> GoMemoryReader::read_cpu(MemoryReading& out) {
    if (!variables_.work) {
        return std::nullopt;
    }
    const auto block = Block::read(
        read_, *variables_.work,
        {{cpu_.assist, 8}, {cpu_.dedicated, 8}, {cpu_.idle, 8}, {cpu_.pause, 8}, {cpu_.total, 8}});
    if (!block) {
        return unreadable("runtime.work");
    }
    const auto total = block->get<std::uint64_t>(cpu_.total);
    if (!total) {
        return std::nullopt; // Go 1.18, 1.19
    }
    const std::array fields = {std::pair(cpu_.assist, &out.cpu_assist_ns),
                               std::pair(cpu_.dedicated, &out.cpu_dedicated_ns),
                               std::pair(cpu_.idle, &out.cpu_idle_ns),
                               std::pair(cpu_.pause, &out.cpu_pause_ns)};
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const bool too_large = std::any_of(fields.begin(), fields.end(), [&](const auto& field) {
        return block->get<std::uint64_t>(field.first).value_or(0) > most;
    });
    if (too_large || *total > most || *total < previous_.cpu_total_ns) {
        return implausible("runtime.work.cpuStats");
    }
    previous_.cpu_total_ns = *total;
    for (const auto& [field, into] : fields) {
        *into = block->get<std::uint64_t>(field);
    }
    out.cpu_total_ns = total;
    return std::nullopt;
}

std::optional<Error> GoMemoryReader::read_goroutines(MemoryReading& out) {
    const bool fields_known =
        goroutines_.system_goroutines && goroutines_.free_in_p &&
        std::all_of(goroutines_.free_in_sched.begin(), goroutines_.free_in_sched.end(),
                    [](const Field& field) { return field.has_value(); });
    if (!variables_.sched || !variables_.allp || !variables_.allglen || !fields_known) {
        return std::nullopt;
    }
    std::array<std::uint64_t, 2> allp = {}; // pointer, length
    std::uint64_t count = 0;
    std::vector<Block::Part> parts = {{goroutines_.system_goroutines, 4}};
    for (const Field& field : goroutines_.free_in_sched) {
        parts.push_back({field, 4});
    }
    const auto sched = Block::read(read_, *variables_.sched, parts);
    if (!sched || !read_(*variables_.allglen, std::as_writable_bytes(std::span(&count, 1))) ||
        !read_(*variables_.allp, std::as_writable_bytes(std::span(allp)))) {
        return unreadable("runtime.sched, allp or allglen");
    }
    if (count == 0 || count > max_goroutines || allp[1] == 0 || allp[1] > max_ps) {
        return implausible("runtime.allglen or allp");
    }
    std::vector<std::uint64_t> ps(static_cast<std::size_t>(allp[1]));
    if (!read_(allp[0], std::as_writable_bytes(std::span(ps)))) {
        return unreadable("runtime.allp");
    }
    std::int64_t dead = *sched->get<std::int32_t>(goroutines_.system_goroutines);
    for (const Field& field : goroutines_.free_in_sched) {
        dead += *sched->get<std::int32_t>(field);
    }
    for (const std::uint64_t p : ps) {
        std::int32_t free_in_p = 0;
        if (!read_(p + *goroutines_.free_in_p, std::as_writable_bytes(std::span(&free_in_p, 1)))) {
            return unreadable("a runtime.p");
        }
        if (free_in_p < 0) {
            return implausible("runtime.p.gFree");
        }
        dead += free_in_p;
    }
    if (dead < 0 || dead > static_cast<std::int64_t>(count)) {
        return implausible("runtime.sched");
    }
    out.goroutines = std::max<std::uint64_t>(count - static_cast<std::uint64_t>(dead), 1);
    return std::nullopt;
}

} // namespace holter::golang
