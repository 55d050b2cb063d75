// SPDX-License-Identifier: Apache-2.0
#include "loader/tracer/overhead/running_cost.h"

#include "catch.h"

namespace {

using holter::tracer::RunningCost;

TEST_CASE("hits cost what one cost when they were looked at", "[tracer]") {
    RunningCost cost;
    holter_hits hits{};
    double of_one = 1, of_other = 0;
    const auto price = [&](const holter_hits& fresh) {
        return static_cast<double>(fresh.of_probe[0]) * of_one +
               static_cast<double>(fresh.of_probe[HOLTER_MAX_PROBES - 1]) * of_other;
    };
    hits.of_probe[0] = 1000;
    CHECK(cost.add(hits, price) == 1000);

    of_one = 3; // what was before does not become dearer
    CHECK(cost.add(hits, price) == 1000);
    hits.of_probe[0] = 1010;
    hits.of_probe[HOLTER_MAX_PROBES - 1] = 7;
    CHECK(cost.add(hits, price) == 1030);

    of_one = of_other = 0.5;
    hits.of_probe[0] = 1012;
    hits.of_probe[HOLTER_MAX_PROBES - 1] = 9;
    CHECK(cost.add(hits, price) == 1032);
}

} // namespace
