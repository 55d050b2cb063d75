// SPDX-License-Identifier: Apache-2.0
//
// The Go runtime keeps an account of itself in its own variables, and reading them costs
// the target nothing: no probe, no stop. It gives the gauges that need no event (GOGC in force,
// heap goal, goroutines) and the counts that our own probes are audited against.
//
// Nothing here is trusted. The offsets may be those of another release, the addresses may have
// been guessed in a stripped binary, and the target runs while it is read. Each group of
// values must make sense by itself and against the reading before, or it stays empty and
// says why.
#pragma once

#include "loader/golang/connections/reading.h"
#include "loader/golang/layout/offsets.h"
#include "loader/golang/version.h"
#include "loader/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace holter::golang {

/// Fills all of the span from an address of the target; false when it cannot.
using ReadMemory = std::function<bool(std::uint64_t address, std::span<std::byte> into)>;

/// Reads through an open /proc/PID/mem, which stays with the process it was opened for: after its
/// end every read fails, whoever has the PID. The descriptor must outlive the function.
ReadMemory read_through(int mem_fd);

/// Variables of the Go runtime, at run time (load bias added). What is not known is left out, and
/// so is what depends on it.
struct RuntimeVariables {
    std::optional<std::uint64_t> memstats;      ///< runtime.memstats
    std::optional<std::uint64_t> gc_controller; ///< runtime.gcController
    std::optional<std::uint64_t> work;          ///< runtime.work
    std::optional<std::uint64_t> sched;         ///< runtime.sched
    std::optional<std::uint64_t> allp;          ///< runtime.allp
    std::optional<std::uint64_t> allglen;       ///< runtime.allglen
};

/// A field is empty when this version of Go does not have it, its variable is not known, or its
/// group failed.
struct MemoryReading {
    std::optional<std::int64_t> gc_percent;         ///< GOGC now; -1: collector off
    std::optional<std::int64_t> memory_limit_bytes; ///< math.MaxInt64: no limit. Since Go 1.19
    std::optional<std::uint64_t> heap_live_bytes;   ///< marked by the last cycle
    /// As /gc/heap/goal:bytes has it: near 2^63 or 2^64 when there is neither GOGC nor a limit.
    std::optional<std::uint64_t> heap_goal_bytes;
    std::optional<std::uint64_t> goroutines;     ///< as runtime.NumGoroutine() computes it
    std::optional<std::uint32_t> numgc;          ///< completed cycles since the process started
    std::optional<std::uint32_t> numforcedgc;    ///< of these, forced by the program
    std::optional<std::uint64_t> pause_total_ns; ///< since the process started
    /// CPU time as of the end of the last cycle, in ns since the process started: Go 1.20 and
    /// later.
    std::optional<std::uint64_t> cpu_assist_ns;
    std::optional<std::uint64_t> cpu_dedicated_ns; ///< with the fractional workers, as Go counts
    std::optional<std::uint64_t> cpu_idle_ns;
    std::optional<std::uint64_t> cpu_pause_ns;
    std::optional<std::uint64_t> cpu_total_ns; ///< available: GOMAXPROCS × time

    std::optional<ConnectionsReading> connections; ///< by another reader, if the program has any

    /// One for each group that failed. Reasons: `memory_unreadable`, `memory_implausible`.
    std::vector<Error> errors;
};

/// Reads one process. Not for several threads at once.
class GoMemoryReader {
  public:
    GoMemoryReader(const Offsets& offsets, const GoVersion& version,
                   const RuntimeVariables& variables, ReadMemory read);

    /// About six reads, and one more for each P (GOMAXPROCS) of the target.
    MemoryReading read();

  private:
    /// Offset of a field, if this release has it.
    using Field = std::optional<std::uint64_t>;

    struct MemstatsFields {
        Field numgc, numforcedgc, pause_total_ns;
    };
    struct ControllerFields {
        Field gc_percent, heap_minimum, heap_marked;
        Field stored_goal;                   ///< Go 1.18
        Field memory_limit, gc_percent_goal; ///< and the rest, Go 1.19 and later
        Field sweep_trigger, triggered;
        Field heap_free, total_alloc, total_free, mapped_ready;
    };
    struct CpuFields {
        Field assist, dedicated, idle, pause, total;
    };
    struct GoroutineFields {
        std::vector<Field> free_in_sched; ///< counts of dead goroutines
        Field system_goroutines;
        Field free_in_p;
    };
    struct Previous {
        std::uint32_t numgc = 0;
        std::uint32_t numforcedgc = 0;
        std::uint64_t pause_total_ns = 0;
        std::uint64_t cpu_total_ns = 0;
    };

    std::optional<Error> read_memstats(MemoryReading& out);
    std::optional<Error> read_controller(MemoryReading& out);
    std::optional<Error> read_cpu(MemoryReading& out);
    std::optional<Error> read_goroutines(MemoryReading& out);

    GoVersion version_;
    RuntimeVariables variables_;
    ReadMemory read_;
    MemstatsFields memstats_;
    ControllerFields controller_;
    CpuFields cpu_;
    GoroutineFields goroutines_;
    Previous previous_;
};

} // namespace holter::golang
