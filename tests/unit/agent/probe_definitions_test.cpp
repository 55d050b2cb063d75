// SPDX-License-Identifier: Apache-2.0
#include "agent/probe_definitions.h"

#include "catch.h"
#include "exporter/catalog.h"

using namespace holter;
using aggregator::DeclaredFamily;
using aggregator::Family;
using aggregator::LabelSource;
using aggregator::Measure;

namespace {

const std::string text = R"(library: shop
recognise: [{file: shop}]
metrics:
  - {name: shop_seconds, type: histogram, help: h, labels: [kind], buckets: [0.001, 0.25]}
  - {name: shop_bytes, type: gauge, help: h, labels: [a, b], per_unit: 8}
  - {name: shop_total, type: counter, help: h}
  - {name: shop_sizes, type: histogram, help: h, buckets: [1, 64]}
groups:
  - name: g
    probes:
      - name: span
        help: h
        shape: span
        begin: {function: begins, fields: {kind: {argument: 1}}}
        end: {function: ends}
        metric: shop_seconds
        labels: {kind: {field: kind, names: {1: one}, otherwise: many, only: [o*], except: [ox]}}
      - name: counted_span
        help: h
        shape: span
        begin: {function: begins}
        end: {function: ends}
        metric: shop_total
      - name: level
        help: h
        shape: value
        at: {function: levels, fields: {x: 1, bytes: {argument: 0}, type: {argument: 1, as: cpp_type}, klass: {argument: 2, as: hotspot_class}}}
        value: bytes
        metric: shop_bytes
        labels: {b: {field: klass}, a: {field: type}}
      - {name: sum, help: h, shape: value, at: {function: levels, fields: {n: {argument: 0}}}, value: n, metric: shop_total}
      - {name: sizes, help: h, shape: value, at: {function: levels, fields: {n: {argument: 0}}}, value: n, metric: shop_sizes}
      - {name: count, help: h, shape: count, at: {function: levels}, metric: holter_gc_cycles_total, labels: {trigger: heap}}
      - {name: pause, help: h, shape: span, begin: {function: begins}, end: {function: ends}, metric: holter_gc_pause_seconds, labels: {kind: full}}
      - {name: error, help: h, shape: error, at: {function: fails, fields: {t: {argument: 0, as: text}}}, source: panic, type: {field: t}}
      - name: state
        help: h
        shape: state
        at: {function: levels, fields: {id: {argument: 0}, state: {argument: 1}}}
        object: id
        gone: [closed]
        metric: shop_bytes
        labels: {a: x, b: {field: state}}
)";

std::string error_of(agent::ProbeDefinitions& definitions,
                     const std::vector<catalogue::Definition>& list) {
    try {
        definitions.declare(list);
    } catch (const catalogue::YamlError& error) {
        return error.what();
    }
    return "";
}

std::string replaced(const std::string& what, const std::string& by) {
    std::string changed = text;
    return changed.replace(changed.find(what), what.size(), by);
}

} // namespace

TEST_CASE("probes of a file become what the aggregator understands", "[probe_definitions]") {
    const auto file = catalogue::parse_definition(text, "shop.yaml");
    agent::ProbeDefinitions definitions;
    const auto families = definitions.declare({file});
    REQUIRE(families.size() == 4);
    CHECK(families[0].family == Family::declared);
    CHECK(families[0].type == DeclaredFamily::Type::histogram);
    CHECK(families[0].labels == std::vector<std::string>{"kind"});
    CHECK(*families[0].bounds == std::vector<std::uint64_t>{1'000'000, 250'000'000});
    CHECK(families[0].per_unit == 1e9);
    CHECK(families[1].type == DeclaredFamily::Type::gauge);
    CHECK(families[1].per_unit == 8);
    CHECK_FALSE(families[1].bounds);
    CHECK(families[2].type == DeclaredFamily::Type::counter);
    CHECK(*families[3].bounds == std::vector<std::uint64_t>{1, 64});

    const auto of = [&](std::size_t probe) {
        return definitions.of(file, file.groups[0].probes[probe]);
    };
    const auto span = of(0);
    CHECK(span.runtime == "shop");
    CHECK(span.family == families[0].family);
    CHECK(span.measure == Measure::duration);
    REQUIRE(span.labels.size() == 1);
    CHECK(span.labels[0].from == LabelSource::From::number);
    CHECK(span.labels[0].names.at(1) == "one");
    CHECK(span.labels[0].otherwise == "many");
    CHECK(span.labels[0].only == std::vector<std::string>{"o*"});
    CHECK(span.labels[0].except == std::vector<std::string>{"ox"});
    CHECK(of(1).measure == Measure::count);

    const auto level = of(2);
    CHECK(level.measure == Measure::level);
    CHECK(level.value == 1); // the second number
    REQUIRE(level.labels.size() == 2);
    CHECK(level.labels[0].from == LabelSource::From::text); // in the metric's order
    CHECK(level.labels[0].index == 0);
    CHECK(level.labels[0].resolver == static_cast<std::uint32_t>(catalogue::Field::As::cpp_type));
    CHECK(level.labels[1].from == LabelSource::From::number);
    CHECK(level.labels[1].index == 2);
    CHECK(level.labels[1].resolver ==
          static_cast<std::uint32_t>(catalogue::Field::As::hotspot_class));
    CHECK(of(3).measure == Measure::sum);
    CHECK(of(4).measure == Measure::distribution);

    CHECK(of(5).family == Family::gc_cycles);
    CHECK(of(5).labels[0].constant == "heap");
    CHECK(of(6).family == Family::gc_pause);
    CHECK(of(6).measure == Measure::duration);

    const auto error = of(7);
    CHECK(error.family == Family::errors);
    CHECK(error.measure == Measure::error);
    CHECK(error.source == aggregator::ErrorSource::panic);
    CHECK(error.labels[0].resolver == 0);

    const auto state = of(8);
    CHECK(state.measure == Measure::state);
    CHECK(state.object == 0);
    CHECK(state.gone == std::vector<std::string>{"closed"});
    CHECK(state.labels[1].index == 1);
}

TEST_CASE("a family has one number for good", "[probe_definitions]") {
    const auto file = catalogue::parse_definition(text, "shop.yaml");
    agent::ProbeDefinitions definitions;
    CHECK(definitions.declare({file}).size() == 4);
    CHECK(definitions.declare({file}).empty());
    CHECK(definitions.declare({}).empty());
    const auto more =
        catalogue::parse_definition("library: more\nrecognise: [{file: x}]\nmetrics:\n"
                                    "  - {name: more_total, type: counter, help: h}\ngroups: []\n",
                                    "more.yaml");
    const auto added = definitions.declare({more, file});
    REQUIRE(added.size() == 1);
    CHECK(added[0].family == static_cast<Family>(static_cast<std::size_t>(Family::declared) + 4));
}

TEST_CASE("metrics that Holter has, or that change their meaning, are refused",
          "[probe_definitions]") {
    const auto file = catalogue::parse_definition(text, "shop.yaml");
    agent::ProbeDefinitions definitions;
    definitions.declare({file});
    const auto changed = catalogue::parse_definition(
        replaced("labels: [a, b], per_unit: 8", "labels: [a, b], per_unit: 9"), "shop.yaml");
    CHECK(
        error_of(definitions, {changed}) ==
        "shop.yaml:5:5: metric `shop_bytes` had another meaning when Holter started, which cannot "
        "change while it runs");
    for (const auto& own : exporter::catalog()) {
        if (std::string(own.name).ends_with("_total"))
            continue;
        std::string claims = text;
        for (std::size_t at = 0; (at = claims.find("shop_bytes", at)) != std::string::npos;)
            claims.replace(at, 10, own.name);
        try {
            const auto claiming = catalogue::parse_definition(claims, "shop.yaml");
            INFO(own.name);
            CHECK(error_of(definitions, {claiming}).find("is one of Holter's own") !=
                  std::string::npos);
        } catch (const catalogue::YamlError&) {
            // A name that no file may use at all.
        }
    }
}

TEST_CASE("what comes before a mistake is not declared", "[probe_definitions]") {
    const auto file = catalogue::parse_definition(text, "shop.yaml");
    const auto claiming = catalogue::parse_definition(
        "library: b\nrecognise: [{file: b}]\nmetrics:\n"
        "  - {name: holter_targets, type: gauge, help: h}\ngroups: []\n",
        "b.yaml");
    agent::ProbeDefinitions definitions;
    CHECK(error_of(definitions, {file, claiming}) ==
          "b.yaml:4:5: metric `holter_targets` is one of Holter's own");
    CHECK(definitions.declare({file}).size() == 4);
}
