// SPDX-License-Identifier: Apache-2.0
//
// What one Go process says of itself: gauges as they were read last, and the
// collector's CPU time. The runtime counts that time from the start of the process;
// our counter starts at zero with the first reading, as all others do. Otherwise a
// process that is found late would look like a burst.
#pragma once

#include "aggregator/series/gauge.h"
#include "aggregator/series/series.h"
#include "aggregator/snapshot.h"
#include "aggregator/target.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace holter::aggregator {

struct GoMemoryTables {
    explicit GoMemoryTables(std::size_t limit)
        : heap_live(Family::gc_heap_live, Combine::sum, limit),
          heap_goal(Family::gc_heap_goal, Combine::sum, limit),
          gc_percent(Family::go_gc_percent, Combine::minimum, limit),
          memory_limit(Family::go_memory_limit, Combine::minimum, limit),
          goroutines(Family::go_goroutines, Combine::sum, limit), gc_cpu(Family::gc_cpu, limit) {}

    GaugeTable heap_live, heap_goal, gc_percent, memory_limit, goroutines;
    SeriesTable<std::uint64_t> gc_cpu; ///< ns
};

class GoMemoryAccount {
  public:
    GoMemoryAccount(GoMemoryTables& tables, std::shared_ptr<const Service> service);
    /// Hands the CPU time over to the service.
    ~GoMemoryAccount();
    GoMemoryAccount(const GoMemoryAccount&) = delete;
    GoMemoryAccount& operator=(const GoMemoryAccount&) = delete;

    void on_reading(const GoMemory& memory);
    void add_to(std::vector<NumberSeries>& numbers) const;

    /// The collector's part of the CPU time available to the process since the first reading.
    std::optional<double> gc_cpu_share() const;

  private:
    /// A total of the runtime's, and what it has grown by.
    struct Growth {
        std::optional<std::uint64_t> first;
        std::uint64_t ns = 0;
        void on_reading(std::optional<std::uint64_t> total);
    };
    static constexpr std::size_t kinds = 4;

    GoMemoryTables& tables_;
    std::shared_ptr<const Service> service_;
    Gauge heap_live_, heap_goal_, gc_percent_, memory_limit_, goroutines_;
    std::array<Growth, kinds> gc_cpu_;
    std::array<SeriesTable<std::uint64_t>::Series*, kinds> gc_cpu_series_{};
    Growth cpu_total_;
};

} // namespace holter::aggregator
