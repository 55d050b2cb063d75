// SPDX-License-Identifier: Apache-2.0
//
// Pauses, cycles and other stops of one Go process. Series that every process will
// have sooner or later exist with zeroes from the start, because a counter that
// appears with its first event hides that event from increase(). Those of rare
// kinds, and the reasons of stops that are not the collector's (some ten, with a
// whole histogram each), appear when they are first seen.
#pragma once

#include "aggregator/golang/go_audit.h"
#include "aggregator/series/histogram.h"
#include "aggregator/series/series.h"
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
        pauses_.counts[event.kind].observe(event.duration_ns);
        if (event.kind != HOLTER_GO_MARK_TERMINATION) {
            open_pause_ns_ += event.duration_ns;
            return;
        }
        open_pause_ns_ = 0;
        ++cycles_.counts[event.trigger];
        audit.on_cycle(event.numgc);
    }
    void on_stop(const holter_go_stop& event);

    /// Opens the series of what was seen since the last call. Events do not do it themselves: they
    /// are many, and only a snapshot shows the difference.
    void open_seen();

    /// Adds this process's counts to a snapshot that has all series of the tables, each at its
    /// `position`.
    void add_to(std::vector<HistogramSeries>& histograms, std::vector<NumberSeries>& numbers) const;

    /// All pauses for the collector, whatever their kind.
    PauseHistogram pauses() const;
    std::uint64_t cycles() const;
    GoAccount account() const;

  private:
    void open_pause(std::size_t kind);
    void open_cycle(std::size_t trigger);

    template <typename Value, std::size_t N> struct Counts {
        std::array<Value, N> counts{};
        std::array<typename SeriesTable<Value>::Series*, N> series{}; ///< null: not seen yet
    };

    GoGcTables& tables_;
    std::shared_ptr<const Service> service_;
    Counts<PauseHistogram, HOLTER_GO_PAUSE_KINDS> pauses_;
    Counts<std::uint64_t, HOLTER_GO_TRIGGERS> cycles_;
    std::uint64_t open_pause_ns_ = 0; ///< pauses since the last cycle ended
    std::unique_ptr<Counts<PauseHistogram, HOLTER_GO_STOP_REASONS>> stops_; ///< once there is one
};

} // namespace holter::aggregator
