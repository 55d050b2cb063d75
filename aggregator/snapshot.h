// SPDX-License-Identifier: Apache-2.0
//
// Everything that is known, at one moment. A snapshot is built by the thread that
// owns the aggregator and never changes afterwards, so any number of threads may
// read it without a lock. Label values are shared with the aggregator; only the
// numbers are copied.
#pragma once

#include "aggregator/catalogue/definition.h"
#include "aggregator/family.h"
#include "aggregator/series/histogram.h"
#include "aggregator/series/labels.h"
#include "aggregator/target.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace holter::aggregator {

/// A counter or a gauge. Times are in ns whatever the exported unit.
struct NumberSeries {
    Family family;
    std::shared_ptr<const Labels> labels;
    double value = 0;
    ExemplarPtr exemplar = nullptr; ///< counters only
};

struct HistogramSeries {
    Family family;
    std::shared_ptr<const Labels> labels;
    Histogram value;
};

/// How our account of a target stands against the runtime's own.
enum class AuditVerdict {
    pending,  ///< nothing could be compared yet
    equal,    ///< all comparisons so far agreed
    mismatch, ///< at least one did not: the target's counts are incomplete
};

std::string_view to_string(AuditVerdict verdict);

/// One target, for people. Counts and times are since it was added.
struct TargetRow {
    std::shared_ptr<const Target> target; ///< without its dependencies
    std::vector<Probe> probes;
    std::uint64_t attached_ns = 0; ///< on the clock of `add_target`
    std::uint64_t cycles = 0;
    std::uint64_t pauses = 0; ///< stops of the application by the collector
    std::uint64_t pause_sum_ns = 0;
    std::uint64_t pause_max_ns = 0;
    std::uint64_t pause_p50_ns = 0;
    std::uint64_t pause_p99_ns = 0;
    double pause_share = 0;             ///< of the time since it was added, 0 … 1
    std::optional<double> gc_cpu_share; ///< of the CPU time available to it, 0 … 1; where known
    std::optional<double> overhead;     ///< our probes' CPU time ÷ its own
    AuditVerdict audit = AuditVerdict::pending;
    std::uint64_t audit_mismatches = 0;
};

struct Snapshot {
    std::uint64_t now_ns = 0;
    /// Ordered by family, service and labels; no two have the same of all three.
    std::vector<NumberSeries> numbers;
    std::vector<HistogramSeries> histograms;
    /// Families that catalogue files declare, in the order of their numbers.
    std::vector<std::shared_ptr<const DeclaredFamily>> declared;
    /// How often a family was at its limit when a new series came.
    std::vector<std::pair<Family, std::uint64_t>> limited;
    /// In order of id.
    std::vector<TargetRow> targets;
};

} // namespace holter::aggregator
