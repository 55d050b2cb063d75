// SPDX-License-Identifier: Apache-2.0
#include "loader/catalogue/metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <regex>

namespace holter::catalogue {

namespace {

const std::vector<std::string> types = {"counter", "gauge", "histogram"};
/// Labels that every series begins with.
const std::vector<std::string> service_labels = {"service_name", "namespace", "pod", "container"};
/// Names that formats give to parts of a metric.
const std::vector<std::string> reserved_suffixes = {"_bucket", "_count", "_sum", "_created",
                                                    "_info"};

/// What is read is whole numbers, and a histogram counts them between whole numbers.
void check_bound(const YamlValue& bucket, double bound) {
    if (bound > 9e18)
        bucket.fail("is more than can be read, with this `per_unit`");
    if (std::abs(bound - std::round(bound)) > 1e-9 * std::max(1.0, bound))
        bucket.fail("is no whole number of what is read, with this `per_unit`");
}

} // namespace

const std::vector<SharedMetric>& shared_metrics() {
    static const std::vector<SharedMetric> all = {
        {"holter_gc_pause_seconds", "histogram", {"kind"}},
        {"holter_gc_cycles_total", "counter", {"trigger"}},
        {"holter_gc_heap_live_bytes", "gauge", {}},
        {"holter_gc_heap_goal_bytes", "gauge", {}},
    };
    return all;
}

DeclaredMetric parse_metric(const YamlValue& value) {
    static const std::regex form("[a-z_][a-z0-9_]{2,99}");
    YamlMap map(value);
    DeclaredMetric metric;
    const YamlValue name = map.require("name");
    metric.name = name.text();
    metric.source = value.where();
    if (!std::regex_match(metric.name, form))
        name.fail("`" + metric.name + "` is no name of a metric: a-z, 0-9 and _ only");
    metric.type = map.require("type").choice(types);
    if ((metric.type == "counter") != metric.name.ends_with("_total"))
        name.fail("a counter's name ends in _total, and no other's does");
    for (const auto& suffix : reserved_suffixes)
        if (metric.name.ends_with(suffix))
            name.fail("names that end in " + suffix + " are Prometheus' own");
    metric.help = map.require("help").one_line();
    if (const auto labels = map.find("labels"))
        for (const auto& label : labels->list()) {
            metric.labels.push_back(label.identifier());
            const std::string& added = metric.labels.back();
            if (added == "le" || added.starts_with("__"))
                label.fail("this name is Prometheus' own");
            if (std::find(service_labels.begin(), service_labels.end(), added) !=
                service_labels.end())
                label.fail("every metric has this label, of the process's service");
            if (std::count(metric.labels.begin(), metric.labels.end(), added) > 1)
                label.fail("label `" + added + "` appears twice");
        }
    if (const auto per_unit = map.find("per_unit"))
        metric.per_unit = per_unit->number(1e-12, 1e18);
    else if (metric.name.find("_seconds") != std::string::npos)
        metric.per_unit = 1e9; // what we measure is in ns
    const auto buckets = map.find("buckets");
    if (buckets.has_value() != (metric.type == "histogram"))
        map.fail("a histogram has `buckets`, and nothing else has");
    if (buckets) {
        for (const auto& bucket : buckets->list()) {
            metric.buckets.push_back(bucket.number(0, 1e18));
            check_bound(bucket, metric.buckets.back() * metric.per_unit);
        }
        if (metric.buckets.empty() || metric.buckets.size() > 64 ||
            std::adjacent_find(metric.buckets.begin(), metric.buckets.end(),
                               std::greater_equal<>()) != metric.buckets.end())
            buckets->fail("1 to 64 numbers, each larger than the one before");
    }
    map.done();
    return metric;
}

} // namespace holter::catalogue
