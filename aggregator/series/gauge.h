// SPDX-License-Identifier: Apache-2.0
//
// What exists only as long as a process does: a value that was read last, or the
// mere fact that the process is there. Its series ends with the last process that
// has it.
#pragma once

#include "aggregator/series/series.h"
#include "aggregator/snapshot.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holter::aggregator {

/// How the gauges of several processes of one service become one.
enum class Combine { sum, minimum, maximum };

/// A gauge has nothing left behind by those who ended.
struct Nothing {};

struct GaugeTable {
    GaugeTable(Family family, Combine how, std::size_t limit,
               Overflow overflow = Overflow::keep_labels)
        : series(family, limit, overflow), combine(how) {}

    SeriesTable<Nothing> series;
    Combine combine;
};

/// One process's value of one gauge; its series exists while there is a value.
class Gauge {
  public:
    Gauge(GaugeTable& table, std::shared_ptr<const Service> service, std::vector<std::string> own);
    ~Gauge();
    Gauge(const Gauge&) = delete;
    Gauge& operator=(const Gauge&) = delete;

    void set(std::optional<double> value);
    std::optional<double> value() const { return value_; }
    /// `numbers` holds NaN for a series to which nobody has added yet.
    void add_to(std::vector<NumberSeries>& numbers) const;

  private:
    GaugeTable& table_;
    std::shared_ptr<const Service> service_;
    std::vector<std::string> own_;
    SeriesTable<Nothing>::Series* series_ = nullptr;
    std::optional<double> value_;
};

/// Series whose value is always 1 and whose labels are the information.
class Info {
  public:
    Info(GaugeTable& table, std::shared_ptr<const Service> service);
    ~Info();
    Info(const Info&) = delete;
    Info& operator=(const Info&) = delete;

    void add(std::vector<std::string> own);
    void add_to(std::vector<NumberSeries>& numbers) const;

  private:
    GaugeTable& table_;
    std::shared_ptr<const Service> service_;
    std::vector<SeriesTable<Nothing>::Series*> series_;
};

} // namespace holter::aggregator
