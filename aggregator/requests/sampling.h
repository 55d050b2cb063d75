// SPDX-License-Identifier: Apache-2.0
//
// For how many requests of a process one of a sample stands. Requests are sampled where
// counting them all would cost the process more than it may; each sample has a number of
// its own, because a request may end when the next one has begun.
#pragma once

#include "aggregator/series/gauge.h"
#include "bpf/events.h"

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace holter::aggregator {

class Sampling {
  public:
    Sampling(GaugeTable& table, std::shared_ptr<const Service> service)
        : ratio_(table, std::move(service), std::vector<std::string>{"requests"}) {
        weights_.fill(1);
    }

    /// Requests that begin from now on are of this sample, 0 … HOLTER_REQUEST_WINDOWS - 1, and
    /// stand for `weight` of them, at least 1.
    void set(std::uint32_t window, double weight) {
        weights_.at(window) = weight;
        ratio_.set(1 / weight);
    }
    /// How often one of that sample is to be counted. Not a whole number in general: it is rounded
    /// up or down by chance, so that the sums are right.
    std::uint64_t times(std::uint32_t window) {
        if (window == 0 || window >= weights_.size())
            return 1;
        const double weight = weights_[window];
        const auto whole = static_cast<std::uint64_t>(weight);
        return whole + (chance_(dice_) < weight - static_cast<double>(whole) ? 1 : 0);
    }
    void add_to(std::vector<NumberSeries>& numbers) const { ratio_.add_to(numbers); }

  private:
    std::array<double, HOLTER_REQUEST_WINDOWS> weights_{};
    Gauge ratio_;
    std::minstd_rand dice_;
    std::uniform_real_distribution<double> chance_{0, 1};
};

} // namespace holter::aggregator
