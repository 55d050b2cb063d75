// SPDX-License-Identifier: Apache-2.0
#include "aggregator/series/histogram.h"
#include "catch.h"

#include <limits>

using namespace holter::aggregator;

TEST_CASE("a value lands in the bucket whose bound it does not exceed", "[histogram]") {
    for (std::size_t i = 0; i < pause_bounds_ns.size(); ++i) {
        CHECK(PauseHistogram::bucket_of(pause_bounds_ns[i]) == i);
        CHECK(PauseHistogram::bucket_of(pause_bounds_ns[i] + 1) == i + 1);
        CHECK(PauseHistogram::bucket_of(pause_bounds_ns[i] - 1) == i);
    }
    CHECK(PauseHistogram::bucket_of(0) == 0);
    CHECK(PauseHistogram::bucket_of(std::numeric_limits<std::uint64_t>::max()) ==
          pause_bounds_ns.size());
}

TEST_CASE("the bucket is the one a search would find, for every bit length", "[histogram]") {
    for (unsigned bit = 0; bit < 64; ++bit)
        for (std::uint64_t offset : {0ULL, 1ULL, 12345ULL, 999999ULL}) {
            const std::uint64_t value = (std::uint64_t{1} << bit) + offset;
            std::size_t expected = 0;
            while (expected < pause_bounds_ns.size() && value > pause_bounds_ns[expected])
                ++expected;
            CHECK(PauseHistogram::bucket_of(value) == expected);
        }
}

TEST_CASE("sum, count and maximum are exact", "[histogram]") {
    PauseHistogram histogram;
    CHECK(histogram.count() == 0);
    CHECK(histogram.sum_ns() == 0);
    std::uint64_t sum = 0;
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        histogram.observe(i * 7919);
        sum += i * 7919;
    }
    CHECK(histogram.count() == 1000);
    CHECK(histogram.sum_ns() == sum);
    CHECK(histogram.max_ns() == 7919000);
}

TEST_CASE("merging adds counts and sums and keeps the larger maximum", "[histogram]") {
    PauseHistogram a, b;
    a.observe(15'000);
    a.observe(3'000'000'000);
    b.observe(15'001);
    a.merge(b);
    CHECK(a.count() == 3);
    CHECK(a.count(1) == 2);
    CHECK(a.count(PauseHistogram::buckets - 1) == 1);
    CHECK(a.sum_ns() == 3'000'030'001);
    CHECK(a.max_ns() == 3'000'000'000);
}

TEST_CASE("quantiles are interpolated and never exceed what was seen", "[histogram]") {
    PauseHistogram histogram;
    CHECK(histogram.quantile_ns(0.99) == 0);
    for (int i = 0; i < 100; ++i)
        histogram.observe(100'000); // all in the bucket 50 µs … 100 µs
    CHECK(histogram.quantile_ns(0.5) == 75'000);
    CHECK(histogram.quantile_ns(1) == 100'000);
    CHECK(histogram.quantile_ns(2) == 100'000);
    histogram.observe(2'500'000'000); // beyond the last bound
    CHECK(histogram.quantile_ns(1) == 2'500'000'000);
    CHECK(histogram.quantile_ns(0.5) < 100'000);

    PauseHistogram one;
    one.observe(12'000);
    CHECK(one.quantile_ns(0.99) <= 12'000);
    CHECK(one.quantile_ns(0.99) > 10'000);
    CHECK(one.quantile_ns(-1) == 10'000);
}

TEST_CASE("a histogram has the bounds of its family", "[histogram]") {
    const Bounds bounds =
        std::make_shared<const std::vector<std::uint64_t>>(std::vector<std::uint64_t>{5, 10, 100});
    Histogram histogram(bounds);
    for (const std::uint64_t value : {0U, 5U, 6U, 10U, 100U, 101U})
        histogram.observe(value);
    CHECK(histogram.count(0) == 2);
    CHECK(histogram.count(1) == 2);
    CHECK(histogram.count(2) == 1);
    CHECK(histogram.count(3) == 1);
    CHECK(histogram.sum() == 222);

    Histogram sum; // of nothing yet
    CHECK(sum.count() == 0);
    sum.merge(histogram);
    sum.merge(Histogram());
    sum.merge(histogram);
    CHECK(sum.bounds() == 3);
    CHECK(sum.count() == 12);
    CHECK(sum.sum() == 444);
}

TEST_CASE("pauses become a histogram with their own bounds", "[histogram]") {
    PauseHistogram pauses;
    pauses.observe(15'000);
    pauses.observe(2'000'000'000);
    Histogram histogram(pauses);
    histogram.merge(pauses);
    CHECK(histogram.bounds() == pause_bounds_ns.size());
    CHECK(histogram.bound(0) == pause_bounds_ns[0]);
    CHECK(histogram.count(1) == 2);
    CHECK(histogram.count(pause_bounds_ns.size()) == 2);
    CHECK(histogram.sum() == 2 * 2'000'015'000ULL);
}
