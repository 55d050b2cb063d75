// SPDX-License-Identifier: Apache-2.0
//
// Pauses, cycles and other stops of one Go process. Series that every process will
// have sooner or later exist with zeroes from the start, because a counter that
// appears with its first event hides that event from increase(). Those of rare
// kinds, and the reasons of stops that are not the collector's (some ten, with a
// whole histogram each), appear when they are first seen.
#pragma once

#include "aggregator/go_audit.h"
#include "aggregator/histogram.h"
#include "aggregator/series.h"
#include "aggregator/snapshot.h"
#include "bpf/events.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace holter::aggregator {

struct GoGcTables {
    explicit GoGcTables(std::size_t limit)
        : pauses(Family::gc_pause, limit), cycles(Family::gc_cycles, limit),
          stops(Family::go_stop_the_world, limit) {}

    SeriesTable<PauseHistogram> pauses;
    SeriesTable<std::uint64_t> cycles;
    SeriesTable<PauseHistogram> stops;
};

class GoGc {
  public:
    GoGc(GoGcTables& tables, std::shared_ptr<const Service> service);
    /// Hands the counts over to the service.
    ~GoGc();
    GoGc(const GoGc&) = delete;
    GoGc& operator=(const GoGc&) = delete;

    void on_pause(const holter_go_gc_pause& event, GoAudit& audit) {
        if (!pauses_.series[event.kind])
            open_pause(event.kind);
        pauses_.counts[event.kind].observe(event.duration_ns);
        account_.pause_ns += event.duration_ns;
        if (event.kind != HOLTER_GO_MARK_TERMINATION)
            return;
        if (!cycles_.series[event.trigger])
            open_cycle(event.trigger);
        ++cycles_.counts[event.trigger];
        account_.ended_pause_ns = account_.pause_ns;
        audit.on_cycle(event.numgc);
    }
    void on_stop(const holter_go_stop& event);

    /// Adds this process's counts to a snapshot that has all series of the tables, each at its
    /// `position`.
    void add_to(std::vector<HistogramSeries>& histograms, std::vector<NumberSeries>& numbers) const;

    /// All pauses for the collector, whatever their kind.
    PauseHistogram pauses() const;
    std::uint64_t cycles() const;
    GoAccount account() const;

  private:
    void open_pause(std::uint8_t kind);
    void open_cycle(std::uint8_t trigger);

    template <typename Value, std::size_t N> struct Counts {
        std::array<typename SeriesTable<Value>::Series*, N> series{}; ///< null: not seen yet
        std::array<Value, N> counts{};
    };

    struct PauseTotals {
        std::uint64_t pause_ns = 0;       ///< all pauses
        std::uint64_t ended_pause_ns = 0; ///< those of cycles that have ended
    };

    GoGcTables& tables_;
    std::shared_ptr<const Service> service_;
    Counts<PauseHistogram, HOLTER_GO_PAUSE_KINDS> pauses_;
    Counts<std::uint64_t, HOLTER_GO_TRIGGERS> cycles_;
    PauseTotals account_;
    std::unique_ptr<Counts<PauseHistogram, HOLTER_GO_STOP_REASONS>> stops_; ///< once there is one
};

} // namespace holter::aggregator
