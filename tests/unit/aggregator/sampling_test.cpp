// SPDX-License-Identifier: Apache-2.0
#include "aggregator/requests/sampling.h"

#include "catch.h"

#include "aggregator/aggregator.h"

namespace {

using namespace holter::aggregator;

struct Table {
    GaugeTable gauges{Family::sampling, Combine::minimum, 10};
    Sampling sampling{gauges, std::make_shared<const Service>()};
};

} // namespace

TEST_CASE("a request that is of no sample stands for itself") {
    Table table;
    table.sampling.set(1, 40);
    CHECK(table.sampling.times(0) == 1);
    CHECK(table.sampling.times(2) == 1);                      // never announced
    CHECK(table.sampling.times(HOLTER_REQUEST_WINDOWS) == 1); // no such number
}

TEST_CASE("requests of a sample stand for its weight on average, each for a whole number") {
    Table table;
    table.sampling.set(3, 7.25);
    table.sampling.set(4, 100);
    std::uint64_t sum = 0;
    constexpr int requests = 100'000;
    for (int i = 0; i < requests; ++i) {
        const std::uint64_t times = table.sampling.times(3);
        REQUIRE((times == 7 || times == 8));
        sum += times;
    }
    CHECK(static_cast<double>(sum) / requests == Approx(7.25).epsilon(0.002));
    CHECK(table.sampling.times(4) == 100);
}
