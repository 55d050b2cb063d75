// SPDX-License-Identifier: Apache-2.0
#include "exporter/reference.h"

#include "aggregator/aggregator.h"
#include "aggregator/series/histogram.h"
#include "exporter/catalog.h"
#include "exporter/http/target_pages.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace holter::exporter {

namespace {

constexpr std::string_view introduction =
    R"(<!-- Generated from exporter/catalog.cpp by scripts/generate-docs. -->
# Metrics

Names and labels are a contract: alerts and dashboards hang on them. The page comes in Prometheus'
text format 0.0.4 and in OpenMetrics 1.0.0, whichever the scraper asks for.

**Labels of a service.** Families marked with ● have `service_name`, `namespace`, `pod` and
`container` before their own labels; empty ones are left out. Several processes of one service on one
node share series: counters and histograms add up, gauges as their description says. Values that are
not UTF-8 are repaired, and cut at )";

constexpr std::string_view lifetimes = R"( bytes.

**Beginnings and ends.** Counts start at zero when tracing does; what the process did before is not in
them. A series that every process of a runtime has is there with 0 before anything happened, so that
`increase()` sees the first event; those of rare kinds appear with their first event. When a process
ends, its gauges go and its counts stay in its service's series, for )";

constexpr std::string_view limits = R"( after the last process of
the service ended. A service that comes back later starts at zero, which `rate()` takes for a restart.

**Limits.** A family has at most )";

constexpr std::string_view after_limits =
    R"( series (configurable). Services without processes make room
for new ones; what still does not fit is counted in the service `other`, and
`holter_series_limited_total` says so.

**Lost events and the audit.** `holter_events_lost_total` counts every event that happened and is not
in the counts. `holter_audit_mismatches_total` goes further: it compares the counts with the runtime's
own in the target's memory, so that a probe which the compiler optimised away cannot pass for silence.
Each scrape makes a check, a second after the last one at the earliest.
)";

constexpr std::string_view info_join = R"(
## Joining

```promql
# 99th percentile of GC pauses by version of the runtime
histogram_quantile(0.99, sum by (le, runtime_version) (
    rate(holter_gc_pause_seconds_bucket[5m])
  * on (service_name, namespace, pod, container) group_left (runtime_version)
    max by (service_name, namespace, pod, container, runtime_version) (holter_target_info)))

# part of the time that a service stood still for its collector, by process
sum by (service_name) (rate(holter_gc_pause_seconds_sum[5m]))
  / count by (service_name) (holter_target_info)

# is anything missing?
increase(holter_audit_mismatches_total[1h]) > 0 or increase(holter_events_lost_total[1h]) > 0
```
)";

std::string heading(std::string_view name) {
    return "\n## " + std::string(name) +
           "\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n";
}

/// What catalogue files of probes declare: there only if such a process is traced.
std::string declared_section(const std::vector<aggregator::DeclaredFamily>& declared) {
    std::string out = heading("Of one runtime or library");
    for (const auto& family : declared) {
        std::string labels = "●";
        for (const auto& label : family.labels)
            labels += " `" + label + "`";
        out += "| `" + family.name + "` | " + std::string(to_string(type_of(family))) + " | " +
               labels + " | " + family.help + " |\n";
    }
    return out;
}

std::string section(std::string_view name) {
    std::string out = heading(name);
    for (const Metric& metric : catalog()) {
        if (metric.section != name)
            continue;
        out +=
            "| `" + std::string(metric.name) + "` | " + std::string(to_string(metric.type)) + " | ";
        std::string labels = metric.of_service ? "●" : "";
        for (const std::string_view label : metric.labels)
            labels += (labels.empty() ? "`" : " `") + std::string(label) + "`";
        out += labels + " | " + std::string(metric.help) + " |\n";
    }
    return out;
}

std::string hours(std::uint64_t ns) {
    constexpr std::uint64_t hour = 3'600'000'000'000;
    return std::to_string(ns / hour) + (ns / hour == 1 ? " hour" : " hours");
}

} // namespace

std::string reference(const std::vector<aggregator::DeclaredFamily>& declared) {
    const aggregator::Limits defaults;
    std::string out(introduction);
    out += std::to_string(aggregator::longest_label);
    out += lifetimes;
    out += hours(defaults.service_retention_ns);
    out += limits;
    out += std::to_string(defaults.series_per_family);
    out += after_limits;

    std::vector<std::string_view> sections;
    for (const Metric& metric : catalog())
        if (std::find(sections.begin(), sections.end(), metric.section) == sections.end())
            sections.push_back(metric.section);
    for (const std::string_view name : sections)
        out += section(name);
    out += declared_section(declared);

    out += "\nBuckets of pauses:";
    for (std::size_t i = 0; i < aggregator::pause_bounds_ns.size(); ++i)
        out += (i == 0 ? " " : ", ") + duration(aggregator::pause_bounds_ns[i]);
    out += ".\n";
    out += info_join;
    return out;
}

} // namespace holter::exporter
