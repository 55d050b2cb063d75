// SPDX-License-Identifier: Apache-2.0
//
// A histogram of pauses. Everything in it is an integer number of nanoseconds, so
// that its sum is the runtime's own sum and not an approximation of it. The bucket
// of a value is found without a loop: the bounds are so far apart that a power of
// two never contains two of them, so the value's bit length leaves one comparison.
#pragma once

#include "aggregator/series/exemplar.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace holter::aggregator {

/// Upper bounds (inclusive) in ns: 10 µs to 1 s, three per decade.
inline constexpr std::array<std::uint64_t, 16> pause_bounds_ns = {
    10'000,      20'000,      50'000,      100'000,      200'000,    500'000,
    1'000'000,   2'000'000,   5'000'000,   10'000'000,   20'000'000, 50'000'000,
    100'000'000, 200'000'000, 500'000'000, 1'000'000'000};

class PauseHistogram {
  public:
    static constexpr std::size_t buckets = pause_bounds_ns.size() + 1;

    void observe(std::uint64_t ns) {
        ++counts_[bucket_of(ns)];
        sum_ns_ += ns;
        if (ns > max_ns_)
            max_ns_ = ns;
    }
    void merge(const PauseHistogram& other);

    /// Of the bucket that ends at `pause_bounds_ns[i]`; the last one has no end.
    std::uint64_t count(std::size_t bucket) const { return counts_[bucket]; }
    std::uint64_t count() const;
    std::uint64_t sum_ns() const { return sum_ns_; }
    std::uint64_t max_ns() const { return max_ns_; }

    /// Estimated by linear interpolation inside the bucket, never above the maximum; 0 when empty.
    /// `q` is clamped to 0 … 1.
    std::uint64_t quantile_ns(double q) const;

    static std::size_t bucket_of(std::uint64_t ns) {
        const std::size_t first = first_of_octave[static_cast<std::size_t>(std::bit_width(ns | 1))];
        return first + (ns > ends_ns[first] ? 1 : 0);
    }

  private:
    /// The bounds, and the end of the last bucket.
    static constexpr std::array<std::uint64_t, buckets> ends_ns = [] {
        std::array<std::uint64_t, buckets> ends{};
        for (std::size_t i = 0; i < pause_bounds_ns.size(); ++i)
            ends[i] = pause_bounds_ns[i];
        ends.back() = std::numeric_limits<std::uint64_t>::max();
        return ends;
    }();
    /// For each bit length: the first bound that the smallest value of that length does not exceed.
    static constexpr std::array<std::uint8_t, 65> first_of_octave = [] {
        std::array<std::uint8_t, 65> table{};
        for (std::size_t width = 0; width <= 64; ++width) {
            const std::uint64_t lowest = width == 0 ? 0 : std::uint64_t{1} << (width - 1);
            std::uint8_t bound = 0;
            while (bound < pause_bounds_ns.size() && pause_bounds_ns[bound] < lowest)
                ++bound;
            table[width] = bound;
        }
        return table;
    }();
    static_assert(
        [] {
            for (std::size_t i = 1; i < pause_bounds_ns.size(); ++i)
                if (std::bit_width(pause_bounds_ns[i]) == std::bit_width(pause_bounds_ns[i - 1]))
                    return false;
            return true;
        }(),
        "bucket_of() makes one comparison");

    // What every observation touches lies beside the buckets of the usual ones.
    std::uint64_t sum_ns_ = 0;
    std::uint64_t max_ns_ = 0;
    std::array<std::uint64_t, buckets> counts_{};
};

/// Upper bounds (inclusive) of a family's buckets, ascending, in the family's units.
using Bounds = std::shared_ptr<const std::vector<std::uint64_t>>;

/// The bounds of a PauseHistogram.
const Bounds& pause_bounds();

/// A histogram with any bounds. Without any it is empty and takes those of the first one that is
/// merged into it.
class Histogram {
  public:
    Histogram() = default;
    explicit Histogram(Bounds bounds) : bounds_(std::move(bounds)), counts_(bounds_->size() + 1) {}
    explicit Histogram(const PauseHistogram& pauses);
    /// Counted elsewhere: one count for each bucket.
    Histogram(Bounds bounds, std::span<const unsigned long long> counts, std::uint64_t sum)
        : bounds_(std::move(bounds)), sum_(sum), counts_(counts.begin(), counts.end()) {}

    /// So often. An exemplar, if there is one, is of this value.
    void observe(std::uint64_t value, const ExemplarPtr& exemplar = nullptr,
                 std::uint64_t times = 1);
    void merge(const Histogram& other);
    void merge(const PauseHistogram& pauses) { merge(Histogram(pauses)); }

    /// How many buckets end somewhere; one more has no end.
    std::size_t bounds() const { return bounds_ ? bounds_->size() : 0; }
    std::uint64_t bound(std::size_t bucket) const { return (*bounds_)[bucket]; }
    std::uint64_t count(std::size_t bucket) const { return counts_[bucket]; }
    std::uint64_t count() const;
    /// Of all values, in the family's units.
    std::uint64_t sum() const { return sum_; }
    /// By bucket; empty if there are none.
    const std::vector<ExemplarPtr>& exemplars() const { return exemplars_; }

  private:
    void keep_exemplar(std::size_t bucket, const ExemplarPtr& exemplar);

    Bounds bounds_;
    std::uint64_t sum_ = 0;
    std::vector<std::uint64_t> counts_;
    std::vector<ExemplarPtr> exemplars_;
};

} // namespace holter::aggregator
