// SPDX-License-Identifier: Apache-2.0
//
// One snapshot in prometheus-cpp's terms. Pages are written family by family, so
// only the largest family ever exists in this form, which takes more memory than
// its text.
#pragma once

#include "aggregator/snapshot.h"
#include "exporter/catalog.h"
#include "exporter/process_stats.h"

#include <memory>
#include <span>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

namespace holter::exporter {

class Collector : public prometheus::Collectable {
  public:
    Collector(std::shared_ptr<const aggregator::Snapshot> snapshot, ProcessStats process,
              BuildInfo build);

    /// All families that have series, in the catalogue's order.
    std::vector<prometheus::MetricFamily> Collect() const override;

    /// Every metric that may have series: the catalogue's, then those that catalogue files of
    /// probes declare.
    const std::vector<Metric>& metrics() const { return metrics_; }

    /// One of them; without metrics when there are no series.
    prometheus::MetricFamily collect(const Metric& metric) const;

    /// Exemplars of one series: by bucket of a histogram, or the one of a counter. Empty: none.
    using Exemplars = std::span<const aggregator::ExemplarPtr>;
    /// Of all series of a family, in the order of collect(), which has no place for them. They
    /// live as long as the snapshot.
    std::vector<Exemplars> exemplars(const Metric& metric) const;

  private:
    std::string name_of(aggregator::Family family) const;
    void add_family(const Metric& metric, aggregator::Family family,
                    std::vector<prometheus::ClientMetric>& out) const;

    std::shared_ptr<const aggregator::Snapshot> snapshot_;
    /// What metrics_ points to, also in a copy.
    std::vector<std::shared_ptr<const std::vector<std::string_view>>> declared_labels_;
    std::vector<Metric> metrics_;
    ProcessStats process_;
    BuildInfo build_;
};

} // namespace holter::exporter
