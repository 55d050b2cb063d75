// SPDX-License-Identifier: Apache-2.0
//
// One process's numbers in a family whose labels take values as they come: one number for each
// combination that was seen. How many there can be is the caller's business.
#pragma once

#include "aggregator/series/gauge.h"
#include "aggregator/series/series.h"
#include "aggregator/snapshot.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holter::aggregator {

class CounterSet {
  public:
    CounterSet(SeriesTable<std::uint64_t>& table, std::shared_ptr<const Service> service);
    /// Hands the counts over to the service.
    ~CounterSet();
    CounterSet(const CounterSet&) = delete;
    CounterSet& operator=(const CounterSet&) = delete;

    /// A series exists from the first call on, if only with 0.
    void add(const std::vector<std::string>& own, std::uint64_t more);
    /// For totals that somebody else keeps: never falls.
    void raise_to(const std::vector<std::string>& own, std::uint64_t total);
    void add_to(std::vector<NumberSeries>& numbers) const;

  private:
    struct Count {
        SeriesTable<std::uint64_t>::Series* series = nullptr;
        std::uint64_t value = 0;
    };
    Count& of(const std::vector<std::string>& own);

    SeriesTable<std::uint64_t>& table_;
    std::shared_ptr<const Service> service_;
    std::map<std::vector<std::string>, Count> counts_;
};

class GaugeSet {
  public:
    GaugeSet(GaugeTable& table, std::shared_ptr<const Service> service);

    /// Replaces all values; combinations that are not among them end.
    void set(const std::map<std::vector<std::string>, double>& values);
    void add_to(std::vector<NumberSeries>& numbers) const;

  private:
    GaugeTable& table_;
    std::shared_ptr<const Service> service_;
    std::map<std::vector<std::string>, std::unique_ptr<Gauge>> gauges_;
};

} // namespace holter::aggregator
