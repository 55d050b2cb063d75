// SPDX-License-Identifier: Apache-2.0
#include "agent/probe_definitions.h"
#include "catch.h"
#include "exporter/http/target_pages.h"
#include "exporter/reference.h"
#include "loader/catalogue/catalogue.h"

#include <fstream>
#include <sstream>

using namespace holter::exporter;

TEST_CASE("docs/metrics.md is what the catalogue says (scripts/generate-docs writes it)",
          "[reference]") {
    std::ifstream in(HOLTER_SOURCE_DIR "/docs/metrics.md");
    std::ostringstream content;
    content << in.rdbuf();
    const auto catalogue = holter::catalogue::read_catalogue();
    CHECK(content.str() ==
          reference(holter::agent::ProbeDefinitions().declare(catalogue.definitions)));
}

TEST_CASE("durations are told with three digits", "[reference]") {
    CHECK(duration(0) == "0");
    CHECK(duration(999) == "999 ns");
    CHECK(duration(1'000) == "1 µs");
    CHECK(duration(412'345) == "412 µs");
    CHECK(duration(1'310'000) == "1.31 ms");
    CHECK(duration(999'900'000) == "1000 ms");
    CHECK(duration(2'500'000'000) == "2.5 s");
    CHECK(duration(123'456'000'000'000) == "123456 s");
}
