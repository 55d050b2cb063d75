// SPDX-License-Identifier: Apache-2.0
#include "aggregator/golang/go_gc.h"

#include <numeric>
#include <string>
#include <utility>

namespace holter::aggregator {

namespace {

constexpr std::array<const char*, HOLTER_GO_PAUSE_KINDS> pause_kinds = {
    "sweep_termination",
    "mark_termination",
    "mark_restart",
};

constexpr std::array<const char*, HOLTER_GO_TRIGGERS> triggers = {
    "heap",
    "periodic",
    "forced",
    "unknown",
};

/// Go's stwReason in snake_case.
constexpr std::array<const char*, HOLTER_GO_STOP_REASONS> stop_reasons = {
    "unknown",
    "gc_mark_termination",
    "gc_sweep_termination",
    "write_heap_dump",
    "goroutine_profile",
    "goroutine_profile_cleanup",
    "all_goroutines_stack_trace",
    "read_mem_stats",
    "all_threads_syscall",
    "gomaxprocs",
    "start_trace",
    "stop_trace",
    "other",
};

template <typename Counts, typename Table> void hand_over(Counts& counts, Table& table) {
    for (std::size_t i = 0; i < counts.series.size(); ++i) {
        if (!counts.series[i])
            continue;
        if constexpr (requires { counts.counts[i].merge(counts.counts[i]); })
            counts.series[i]->left.merge(counts.counts[i]);
        else
            counts.series[i]->left += counts.counts[i];
        table.close(*counts.series[i]);
    }
}

} // namespace

GoGc::GoGc(GoGcTables& tables, std::shared_ptr<const Service> service)
    : tables_(tables), service_(std::move(service)) {
    open_pause(HOLTER_GO_SWEEP_TERMINATION);
    open_pause(HOLTER_GO_MARK_TERMINATION);
    open_cycle(HOLTER_GO_TRIGGER_HEAP);
    open_cycle(HOLTER_GO_TRIGGER_PERIODIC);
    open_cycle(HOLTER_GO_TRIGGER_FORCED);
}

GoGc::~GoGc() {
    open_seen();
    hand_over(pauses_, tables_.pauses);
    hand_over(cycles_, tables_.cycles);
    if (stops_)
        hand_over(*stops_, tables_.stops);
}

void GoGc::open_pause(std::size_t kind) {
    pauses_.series[kind] = &tables_.pauses.open(service_, {"go", pause_kinds[kind]});
}

void GoGc::open_cycle(std::size_t trigger) {
    cycles_.series[trigger] = &tables_.cycles.open(service_, {"go", triggers[trigger]});
}

void GoGc::open_seen() {
    for (std::size_t kind = 0; kind < pauses_.series.size(); ++kind)
        if (!pauses_.series[kind] && pauses_.counts[kind].count() > 0)
            open_pause(kind);
    for (std::size_t trigger = 0; trigger < cycles_.series.size(); ++trigger)
        if (!cycles_.series[trigger] && cycles_.counts[trigger] > 0)
            open_cycle(trigger);
}

void GoGc::on_stop(const holter_go_stop& event) {
    if (!stops_)
        stops_ = std::make_unique<Counts<PauseHistogram, HOLTER_GO_STOP_REASONS>>();
    const bool known =
        event.reason != HOLTER_GO_STOP_UNKNOWN && event.reason < HOLTER_GO_STOP_REASONS;
    const std::size_t reason = known ? event.reason : std::uint32_t{HOLTER_GO_STOP_OTHER};
    if (!stops_->series[reason])
        stops_->series[reason] = &tables_.stops.open(service_, {stop_reasons[reason]});
    stops_->counts[reason].observe(event.duration_ns);
}

void GoGc::add_to(std::vector<HistogramSeries>& histograms,
                  std::vector<NumberSeries>& numbers) const {
    const auto add_histograms = [&](const auto& counts) {
        for (std::size_t i = 0; i < counts.series.size(); ++i)
            if (counts.series[i])
                histograms[counts.series[i]->position].value.merge(counts.counts[i]);
    };
    add_histograms(pauses_);
    if (stops_)
        add_histograms(*stops_);
    for (std::size_t i = 0; i < cycles_.series.size(); ++i)
        if (cycles_.series[i])
            numbers[cycles_.series[i]->position].value += static_cast<double>(cycles_.counts[i]);
}

PauseHistogram GoGc::pauses() const {
    PauseHistogram all;
    for (const PauseHistogram& of_kind : pauses_.counts)
        all.merge(of_kind);
    return all;
}

std::uint64_t GoGc::cycles() const {
    return std::accumulate(cycles_.counts.begin(), cycles_.counts.end(), std::uint64_t{0});
}

GoAccount GoGc::account() const {
    return {.cycles = cycles(),
            .forced = cycles_.counts[HOLTER_GO_TRIGGER_FORCED],
            .unknown = cycles_.counts[HOLTER_GO_TRIGGER_UNKNOWN],
            .ended_pause_ns = pauses().sum_ns() - open_pause_ns_};
}

} // namespace holter::aggregator
