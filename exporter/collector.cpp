// SPDX-License-Identifier: Apache-2.0
#include "exporter/collector.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace holter::exporter {

using aggregator::Family;
using aggregator::Histogram;
using prometheus::ClientMetric;

namespace {

/// Prometheus treats an empty label as an absent one, so it is left out.
void add_label(ClientMetric& metric, std::string_view name, const std::string& value) {
    if (!value.empty())
        metric.label.push_back({std::string(name), value});
}

ClientMetric labelled(const Metric& metric, const aggregator::Labels& labels) {
    ClientMetric out;
    out.label.reserve(service_labels().size() + metric.labels.size());
    if (labels.service) {
        const aggregator::Service& service = *labels.service;
        const std::string* values[] = {&service.service_name, &service.namespace_, &service.pod,
                                       &service.container};
        for (std::size_t i = 0; i < std::size(values); ++i)
            add_label(out, service_labels()[i], *values[i]);
    }
    for (std::size_t i = 0; i < labels.own.size(); ++i)
        add_label(out, metric.labels[i], labels.own[i]);
    return out;
}

void set_value(const Metric& metric, ClientMetric& out, double value) {
    if (metric.type == Type::counter)
        out.counter.value = value;
    else
        out.gauge.value = value;
}

void set_value(const Metric& metric, ClientMetric& out, const Histogram& histogram) {
    const std::size_t bounds = histogram.bounds();
    out.histogram.bucket.reserve(bounds + 1);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < bounds; ++i) {
        below += histogram.count(i);
        out.histogram.bucket.push_back(
            {below, static_cast<double>(histogram.bound(i)) / metric.per_unit});
    }
    const std::uint64_t count = histogram.count();
    out.histogram.bucket.push_back({count, std::numeric_limits<double>::infinity()});
    out.histogram.sample_count = count;
    out.histogram.sample_sum = static_cast<double>(histogram.sum()) / metric.per_unit;
}

/// The series of one family; both kinds are ordered by family.
template <typename Series>
std::pair<typename std::vector<Series>::const_iterator,
          typename std::vector<Series>::const_iterator>
series_of(const std::vector<Series>& all, Family family) {
    return {std::lower_bound(all.begin(), all.end(), family,
                             [](const Series& series, Family f) { return series.family < f; }),
            std::upper_bound(all.begin(), all.end(), family,
                             [](Family f, const Series& series) { return f < series.family; })};
}

prometheus::MetricType type_of(const Metric& metric) {
    switch (metric.type) {
    case Type::counter:
        return prometheus::MetricType::Counter;
    case Type::gauge:
        return prometheus::MetricType::Gauge;
    case Type::histogram:
        return prometheus::MetricType::Histogram;
    }
    return prometheus::MetricType::Untyped;
}

} // namespace

Collector::Collector(std::shared_ptr<const aggregator::Snapshot> snapshot, ProcessStats process,
                     BuildInfo build)
    : snapshot_(std::move(snapshot)), metrics_(catalog().begin(), catalog().end()),
      process_(process), build_(std::move(build)) {
    for (const auto& family : snapshot_->declared) {
        const auto& labels =
            declared_labels_.emplace_back(std::make_shared<const std::vector<std::string_view>>(
                family->labels.begin(), family->labels.end()));
        metrics_.push_back({family->name,
                            type_of(*family),
                            family->help,
                            true,
                            *labels,
                            family->family,
                            family->per_unit,
                            {}});
    }
}

std::vector<prometheus::MetricFamily> Collector::Collect() const {
    std::vector<prometheus::MetricFamily> families;
    for (const Metric& metric : metrics()) {
        prometheus::MetricFamily family = collect(metric);
        if (!family.metric.empty())
            families.push_back(std::move(family));
    }
    return families;
}

prometheus::MetricFamily Collector::collect(const Metric& metric) const {
    prometheus::MetricFamily out;
    out.name = metric.name;
    out.help = metric.help;
    out.type = type_of(metric);
    if (const Family* family = std::get_if<Family>(&metric.source)) {
        add_family(metric, *family, out.metric);
    } else if (const auto* field = std::get_if<double ProcessStats::*>(&metric.source)) {
        set_value(metric, out.metric.emplace_back(), process_.*(*field));
    } else {
        ClientMetric& build = out.metric.emplace_back();
        add_label(build, metric.labels[0], build_.version);
        add_label(build, metric.labels[1], build_.revision);
        set_value(metric, build, 1);
    }
    return out;
}

std::vector<Collector::Exemplars> Collector::exemplars(const Metric& metric) const {
    std::vector<Exemplars> out;
    const Family* family = std::get_if<Family>(&metric.source);
    if (!family || metric.type == Type::gauge)
        return out;
    const auto add = [&](const auto& all, auto exemplars_of) {
        const auto [first, last] = series_of(all, *family);
        out.reserve(static_cast<std::size_t>(last - first));
        for (auto series = first; series != last; ++series)
            out.push_back(exemplars_of(*series));
    };
    if (metric.type == Type::histogram)
        add(snapshot_->histograms,
            [](const auto& series) { return Exemplars(series.value.exemplars()); });
    else
        add(snapshot_->numbers, [](const auto& series) {
            return series.exemplar ? Exemplars(&series.exemplar, 1) : Exemplars();
        });
    return out;
}

std::string Collector::name_of(Family family) const {
    for (const auto& declared : snapshot_->declared)
        if (declared->family == family)
            return declared->name;
    return std::string(metric_of(family).name);
}

void Collector::add_family(const Metric& metric, Family family,
                           std::vector<ClientMetric>& out) const {
    if (family == Family::series_limited) {
        for (const auto& [limited, count] : snapshot_->limited) {
            ClientMetric& series = out.emplace_back();
            add_label(series, metric.labels[0], name_of(limited));
            set_value(metric, series, static_cast<double>(count));
        }
        return;
    }
    const auto add = [&](const auto& all, auto value_of) {
        const auto [first, last] = series_of(all, family);
        out.reserve(out.size() + static_cast<std::size_t>(last - first));
        for (auto series = first; series != last; ++series)
            set_value(metric, out.emplace_back(labelled(metric, *series->labels)),
                      value_of(*series));
    };
    if (metric.type == Type::histogram)
        add(snapshot_->histograms,
            [](const auto& series) -> const Histogram& { return series.value; });
    else
        add(snapshot_->numbers, [&](const auto& series) { return series.value / metric.per_unit; });
}

} // namespace holter::exporter
