// SPDX-License-Identifier: Apache-2.0
#include "aggregator/series/gauge.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace holter::aggregator {

Gauge::Gauge(GaugeTable& table, std::shared_ptr<const Service> service,
             std::vector<std::string> own)
    : table_(table), service_(std::move(service)), own_(std::move(own)) {}

Gauge::~Gauge() {
    set({});
}

void Gauge::set(std::optional<double> value) {
    value_ = value;
    if (value && !series_)
        series_ = &table_.series.open(service_, own_);
    if (!value && series_) {
        table_.series.close_and_drop(*series_);
        series_ = nullptr;
    }
}

void Gauge::add_to(std::vector<NumberSeries>& numbers) const {
    if (!series_)
        return;
    double& sum = numbers[series_->position].value;
    if (std::isnan(sum))
        sum = *value_;
    else if (table_.combine == Combine::sum)
        sum += *value_;
    else if (table_.combine == Combine::minimum)
        sum = std::min(sum, *value_);
    else
        sum = std::max(sum, *value_);
}

Info::Info(GaugeTable& table, std::shared_ptr<const Service> service)
    : table_(table), service_(std::move(service)) {}

Info::~Info() {
    for (SeriesTable<Nothing>::Series* series : series_)
        table_.series.close_and_drop(*series);
}

void Info::add(std::vector<std::string> own) {
    SeriesTable<Nothing>::Series& series = table_.series.open(service_, std::move(own));
    // What does not fit shares one series, which one process need not hold more than once.
    if (series.labels->service == overflow_service() &&
        std::find(series_.begin(), series_.end(), &series) != series_.end())
        table_.series.close(series);
    else
        series_.push_back(&series);
}

void Info::add_to(std::vector<NumberSeries>& numbers) const {
    for (const SeriesTable<Nothing>::Series* series : series_)
        numbers[series->position].value = 1;
}

} // namespace holter::aggregator
