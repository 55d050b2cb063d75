// SPDX-License-Identifier: Apache-2.0
//
// Our account of one Go process held against the runtime's own. The two are never
// read at the same instant: cycles end between the moment the ring was drained and
// the moment the memory was read, and a reading can fall between two instructions
// of the runtime that belong together. So nothing here compares two totals as they
// are. Three comparisons are free of that:
//
//  * Each cycle's event carries the runtime's cycle number, read in the stopped
//    world: the numbers of consecutive events follow each other, or cycles are
//    missing. Go ≤ 1.21 reads it before the runtime increments it, later ones
//    after; consecutive numbers follow each other either way.
//  * When no event comes for a second after a reading, that reading is settled: the
//    runtime's number is the last event's or, before the increment, one more. Two
//    more mean that cycles end without events. This is what catches a blinded probe.
//  * When a reading's cycle number is exactly that of our last event, forced cycles
//    and the time paused speak of the same cycles on both sides, and their
//    difference from ours is the same at all such moments. An odd one can be a
//    reading in mid-update, which takes the runtime less than a microsecond of each
//    cycle; three in a row are a mismatch.
#pragma once

#include "aggregator/snapshot.h"
#include "aggregator/target.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace holter::aggregator {

/// Checks made and differences found, for one thing that is audited.
struct AuditCount {
    std::uint64_t checks = 0;
    std::uint64_t mismatches = 0;
};

/// Of all targets together.
struct GoAuditCounts {
    AuditCount cycles;        ///< mismatches: cycles that we missed or counted twice
    AuditCount forced_cycles; ///< mismatches: checks that found the counts apart
    AuditCount pause_time;    ///< the same
};

/// Our side. Totals since the target was added.
struct GoAccount {
    std::uint64_t cycles = 0;
    std::uint64_t forced = 0;
    std::uint64_t unknown = 0; ///< cycles whose trigger was not seen
    std::uint64_t ended_pause_ns = 0;
};

/// Whether two totals grow alike, judged by their difference at moments at which it should be
/// the same each time, but may be off once in a while. What it should be is learned: the first
/// value that comes twice.
class SteadyDifference {
  public:
    enum class Outcome { undecided, equal, mismatch };

    Outcome add(std::int64_t difference, std::int64_t tolerance = 0);
    void restart();

  private:
    std::optional<std::int64_t> accepted_;
    std::array<std::int64_t, 2> odd_{};
    std::size_t odd_count_ = 0;
};

class GoAudit {
  public:
    /// `runtime_version` is Go's own, e.g. `go1.22.12`.
    GoAudit(GoAuditCounts& counts, std::string_view runtime_version);

    /// The probes are attached from now on; what was compared before no longer counts.
    void restart();

    /// A cycle ended; `numgc` is the runtime's own count at this moment, 0 if it was not readable.
    void on_cycle(std::uint32_t numgc) {
        ++head_;
        if (numgc != head_ || head_state_ != Head::known)
            settle_head(numgc);
    }

    /// A reading, made right after the ring was drained into `ours`.
    void on_reading(const GoMemory& memory, const GoAccount& ours, std::uint64_t now_ns);

    AuditVerdict verdict() const;
    std::uint64_t mismatches() const { return mismatches_; }

  private:
    /// What `head_` is worth.
    enum class Head {
        none,
        assumed, ///< a reading, carried on by the events since: may be a little ahead
        known,   ///< an event's own number
    };
    struct Reading {
        std::uint32_t numgc;
        std::uint64_t cycles; ///< ours, then
        std::uint64_t now_ns;
    };

    void settle_head(std::uint32_t numgc);
    void settle(const Reading& earlier, std::uint32_t numgc, std::uint64_t cycles);
    void compare(const GoMemory& memory, const GoAccount& ours);
    void count(AuditCount& count, SteadyDifference::Outcome outcome);

    GoAuditCounts& counts_;
    bool started_ = false;
    bool approximate_; ///< Go ≤ 1.19: we measure the pauses ourselves

    Head head_state_ = Head::none;
    std::uint32_t head_ = 0; ///< the runtime's number of the last cycle that we know of
    std::uint32_t lag_;      ///< what a reading at rest has more than that
    std::uint64_t missing_ = 0;
    std::optional<Reading> earlier_;
    std::optional<std::uint32_t> compared_head_;

    SteadyDifference forced_;
    std::uint64_t forced_unknown_ = 0;
    SteadyDifference pause_;
    struct PauseBase {
        std::uint64_t cycles, theirs_ns;
    };
    std::optional<PauseBase> pause_base_;

    bool checked_ = false;
    std::uint64_t mismatches_ = 0;
};

} // namespace holter::aggregator
