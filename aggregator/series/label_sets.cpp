// SPDX-License-Identifier: Apache-2.0
#include "aggregator/series/label_sets.h"

#include <algorithm>
#include <utility>

namespace holter::aggregator {

CounterSet::CounterSet(SeriesTable<std::uint64_t>& table, std::shared_ptr<const Service> service)
    : table_(table), service_(std::move(service)) {}

CounterSet::~CounterSet() {
    for (auto& [own, count] : counts_) {
        count.series->left += count.value;
        table_.close(*count.series);
    }
}

CounterSet::Count& CounterSet::of(const std::vector<std::string>& own) {
    const auto [entry, is_new] = counts_.try_emplace(own);
    if (is_new)
        entry->second.series = &table_.open(service_, own);
    return entry->second;
}

void CounterSet::add(const std::vector<std::string>& own, std::uint64_t more) {
    of(own).value += more;
}

void CounterSet::raise_to(const std::vector<std::string>& own, std::uint64_t total) {
    Count& count = of(own);
    count.value = std::max(count.value, total);
}

void CounterSet::add_to(std::vector<NumberSeries>& numbers) const {
    for (const auto& [own, count] : counts_)
        numbers[count.series->position].value += static_cast<double>(count.value);
}

GaugeSet::GaugeSet(GaugeTable& table, std::shared_ptr<const Service> service)
    : table_(table), service_(std::move(service)) {}

void GaugeSet::set(const std::map<std::vector<std::string>, double>& values) {
    std::erase_if(gauges_, [&](const auto& entry) { return !values.count(entry.first); });
    for (const auto& [own, value] : values) {
        auto& gauge = gauges_[own];
        if (!gauge)
            gauge = std::make_unique<Gauge>(table_, service_, own);
        gauge->set(value);
    }
}

void GaugeSet::add_to(std::vector<NumberSeries>& numbers) const {
    for (const auto& [own, gauge] : gauges_)
        gauge->add_to(numbers);
}

} // namespace holter::aggregator
