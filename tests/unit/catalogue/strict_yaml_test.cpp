// SPDX-License-Identifier: Apache-2.0
#include "loader/catalogue/strict_yaml.h"

#include "catch.h"

using namespace holter::catalogue;

namespace {

template <typename Action> std::string error_of(Action action) {
    try {
        action();
    } catch (const YamlError& error) {
        return error.what();
    }
    return "no error";
}

} // namespace

TEST_CASE("nearest finds slips and nothing far away") {
    const std::vector<std::string> words = {"listen_address", "telemetry_path", "level"};
    CHECK(nearest("listen_adress", words) == "listen_address");
    CHECK(nearest("lvel", words) == "level");
    CHECK(nearest("completely_different", words) == std::nullopt);
    CHECK(nearest("x", {}) == std::nullopt);
}

TEST_CASE("an unknown key is an error at its place with the nearest known one") {
    const auto read = [] {
        YamlMap map(parse_yaml("level: info\nfromat: json\n", "c.yaml"));
        map.find("level");
        map.find("format");
        map.done();
    };
    CHECK(error_of(read) == "c.yaml:2:1: unknown key `fromat` (did you mean `format`?)");
}

TEST_CASE("an unknown key that is near none lists the known ones") {
    const auto read = [] {
        YamlMap map(parse_yaml("zzzzzzzzzz: 1", "c.yaml"));
        map.find("format");
        map.find("level");
        map.done();
    };
    CHECK(error_of(read) == "c.yaml:1:1: unknown key `zzzzzzzzzz`; known: format, level");
}

TEST_CASE("a missing key, a double key and a wrong type name their place") {
    CHECK(error_of([] { YamlMap(parse_yaml("a: 1", "f")).require("b"); }) ==
          "f:1:1: key `b` is missing");
    CHECK(error_of([] { YamlMap map(parse_yaml("a: 1\na: 2", "f")); }) ==
          "f:2:1: key `a` appears twice");
    CHECK(error_of([] { YamlMap(parse_yaml("a: [1]", "f")).require("a").text(); }) ==
          "f:1:4: `a`: expected text, found a list");
    CHECK(error_of([] { YamlMap(parse_yaml("a: x", "f")).require("a").integer(0, 9); }) ==
          "f:1:4: `a`: expected a whole number, found `x`");
    CHECK(error_of([] { YamlMap(parse_yaml("a: 12", "f")).require("a").integer(0, 9); }) ==
          "f:1:4: `a`: 12 is outside 0 … 9");
    CHECK(error_of([] { YamlMap map(parse_yaml("- a", "f")); }) ==
          "f:1:1: expected a mapping, found a list");
    CHECK(error_of([] { YamlMap(parse_yaml("a: maybe", "f")).require("a").boolean(); }) ==
          "f:1:4: `a`: expected true or false, found `maybe`");
}

TEST_CASE("a choice offers the nearest word") {
    const auto choose = [] {
        YamlMap(parse_yaml("a: jsn", "f")).require("a").choice({"json", "logfmt"});
    };
    CHECK(error_of(choose) == "f:1:4: `a`: `jsn` is none of json, logfmt (did you mean `json`?)");
}

TEST_CASE("broken YAML is an error with its place") {
    CHECK(error_of([] { parse_yaml("a: [1, 2", "f"); }).substr(0, 4) == "f:1:");
}
