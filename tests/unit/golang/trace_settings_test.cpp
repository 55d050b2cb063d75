// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/trace_settings.h"

#include "catch.h"

#include <string>

using namespace holter;
using namespace holter::golang;

TEST_CASE("the name of a header is compared without regard to case", "[trace]") {
    const auto settings = trace_settings(10, "X-Request-ID");
    REQUIRE(settings);
    CHECK(settings->id_length == 12);
    const std::string name(reinterpret_cast<const char*>(settings->id_name),
                           sizeof(settings->id_name));
    CHECK(name == "x-request-id" + std::string(20, ' '));
    CHECK(trace_settings(10, "")->id_length == 0);
    CHECK(trace_settings(10, std::string(32, 'x'))->id_length == 32);
}

TEST_CASE("how often is asked", "[trace]") {
    CHECK(trace_settings(0, "x")->interval == 0);
    CHECK(trace_settings(1, "x")->interval == 953);
    CHECK(trace_settings(10, "x")->interval == 95);
    CHECK(trace_settings(1000, "x")->interval == 1);
    CHECK(trace_settings(4'000'000'000, "x")->interval == 1);
}

TEST_CASE("what is no name of a header is refused", "[trace]") {
    for (const std::string& name : {std::string("x request"), std::string("x:y"),
                                    std::string("caf\xc3\xa9"), std::string(33, 'x')}) {
        const auto settings = trace_settings(10, name);
        REQUIRE_FALSE(settings);
        CHECK(settings.error().reason == "bad_header_name");
    }
}
