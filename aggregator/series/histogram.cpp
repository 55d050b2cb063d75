// SPDX-License-Identifier: Apache-2.0
#include "aggregator/series/histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace holter::aggregator {

void PauseHistogram::merge(const PauseHistogram& other) {
    for (std::size_t i = 0; i < buckets; ++i)
        counts_[i] += other.counts_[i];
    sum_ns_ += other.sum_ns_;
    max_ns_ = std::max(max_ns_, other.max_ns_);
}

std::uint64_t PauseHistogram::count() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::uint64_t PauseHistogram::quantile_ns(double q) const {
    const std::uint64_t total = count();
    if (total == 0)
        return 0;
    const double rank = std::clamp(q, 0.0, 1.0) * static_cast<double>(total);
    double below = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
        const double in_bucket = static_cast<double>(counts_[i]);
        if (in_bucket == 0 || below + in_bucket < rank) {
            below += in_bucket;
            continue;
        }
        const std::uint64_t low = i == 0 ? 0 : pause_bounds_ns[i - 1];
        const std::uint64_t high =
            i < pause_bounds_ns.size() ? std::min(pause_bounds_ns[i], max_ns_) : max_ns_;
        const double width = static_cast<double>(high - low);
        return low + static_cast<std::uint64_t>(std::llround(width * (rank - below) / in_bucket));
    }
    return max_ns_;
}

const Bounds& pause_bounds() {
    static const Bounds bounds = std::make_shared<const std::vector<std::uint64_t>>(
        pause_bounds_ns.begin(), pause_bounds_ns.end());
    return bounds;
}

Histogram::Histogram(const PauseHistogram& pauses)
    : bounds_(pause_bounds()), sum_(pauses.sum_ns()), counts_(PauseHistogram::buckets) {
    for (std::size_t i = 0; i < counts_.size(); ++i)
        counts_[i] = pauses.count(i);
}

void Histogram::observe(std::uint64_t value, const ExemplarPtr& exemplar, std::uint64_t times) {
    const auto bound = std::lower_bound(bounds_->begin(), bounds_->end(), value);
    const auto bucket = static_cast<std::size_t>(bound - bounds_->begin());
    counts_[bucket] += times;
    sum_ += times * value;
    if (exemplar)
        keep_exemplar(bucket, exemplar);
}

void Histogram::keep_exemplar(std::size_t bucket, const ExemplarPtr& exemplar) {
    exemplars_.resize(counts_.size());
    keep_better(exemplars_[bucket], exemplar);
}

void Histogram::merge(const Histogram& other) {
    if (!other.bounds_)
        return;
    if (!bounds_)
        *this = Histogram(other.bounds_);
    for (std::size_t i = 0; i < counts_.size(); ++i)
        counts_[i] += other.counts_[i];
    sum_ += other.sum_;
    for (std::size_t i = 0; i < other.exemplars_.size(); ++i)
        keep_exemplar(i, other.exemplars_[i]);
}

std::uint64_t Histogram::count() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

} // namespace holter::aggregator
