// SPDX-License-Identifier: Apache-2.0
//
// Targets and events for tests, and a way to find a series in a snapshot.
#pragma once

#include "aggregator/aggregator.h"
#include "bpf/events.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace holter::aggregator::test {

inline constexpr std::uint64_t second = 1'000'000'000;

template <typename Event> std::span<const std::byte> bytes_of(const Event& event) {
    return std::as_bytes(std::span(&event, 1));
}

inline Target target(TargetId id, std::string service = "shop", std::string version = "go1.22.12") {
    Target target;
    target.id = id;
    target.pid = static_cast<std::int32_t>(1000 + id);
    target.start_time = 77;
    target.service = {std::move(service), "prod", "shop-1", "app"};
    target.runtime = "go";
    target.runtime_version = std::move(version);
    target.executable = "/srv/shop";
    return target;
}

inline holter_go_gc_pause pause(TargetId id, std::uint8_t kind, std::uint64_t ns,
                                std::uint32_t numgc = 0, std::uint8_t trigger = 0) {
    return {{HOLTER_EVENT_GO_GC_PAUSE, id}, ns, numgc, kind, trigger, 0};
}

inline holter_go_stop stop(TargetId id, std::uint32_t reason, std::uint64_t ns) {
    return {{HOLTER_EVENT_GO_STOP, id}, ns, reason, 0};
}

/// The value of a series, NaN when there is none. `own` are its own labels.
inline double number(const Snapshot& snapshot, Family family, const std::vector<std::string>& own,
                     const std::string& service = "") {
    for (const NumberSeries& series : snapshot.numbers)
        if (series.family == family && series.labels->own == own &&
            (service.empty() ||
             (series.labels->service && series.labels->service->service_name == service)))
            return series.value;
    return std::nan("");
}

inline const Histogram* histogram(const Snapshot& snapshot, Family family,
                                  const std::vector<std::string>& own,
                                  const std::string& service = "shop") {
    for (const HistogramSeries& series : snapshot.histograms)
        if (series.family == family && series.labels->own == own &&
            series.labels->service->service_name == service)
            return &series.value;
    return nullptr;
}

} // namespace holter::aggregator::test
