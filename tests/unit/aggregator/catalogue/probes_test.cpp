// SPDX-License-Identifier: Apache-2.0
//
// Events of catalogue probes in, series out.
#include "aggregator/fixture.h"
#include "catch.h"

using namespace holter::aggregator;
using namespace holter::aggregator::test;

namespace {

constexpr Family family_of(std::size_t index) {
    return static_cast<Family>(static_cast<std::size_t>(Family::declared) + index);
}

constexpr Family counter = family_of(0), gauge = family_of(1), durations = family_of(2);

DeclaredFamily declared(Family family, DeclaredFamily::Type type,
                        std::vector<std::string> labels = {}) {
    DeclaredFamily out;
    out.family = family;
    out.name = "metric_" + std::to_string(static_cast<std::size_t>(family)) +
               (type == DeclaredFamily::Type::counter ? "_total" : "");
    out.help = "help";
    out.type = type;
    out.labels = std::move(labels);
    if (type == DeclaredFamily::Type::histogram)
        out.bounds = std::make_shared<const std::vector<std::uint64_t>>(
            std::vector<std::uint64_t>{10, 100, 1000});
    return out;
}

LabelSource constant(const std::string& text) {
    LabelSource source;
    source.constant = text;
    return source;
}

LabelSource number_label(std::size_t index, std::map<std::int64_t, std::string> names = {},
                         const std::string& otherwise = "") {
    LabelSource source;
    source.from = LabelSource::From::number;
    source.index = index;
    source.names = std::move(names);
    source.otherwise = otherwise;
    return source;
}

LabelSource text_label(std::size_t index) {
    LabelSource source;
    source.from = LabelSource::From::text;
    source.index = index;
    return source;
}

ProbeDefinition feeding(Family family, Measure measure, std::vector<LabelSource> labels = {}) {
    ProbeDefinition definition;
    definition.runtime = "shop";
    definition.family = family;
    definition.measure = measure;
    definition.labels = std::move(labels);
    return definition;
}

holter_probe_hit hit(std::uint32_t probe, std::vector<std::uint64_t> numbers = {},
                     std::uint64_t duration_ns = 0, TargetId target = 0) {
    holter_probe_hit event{};
    event.event = {HOLTER_EVENT_PROBE_HIT, target};
    event.probe = probe;
    event.duration_ns = duration_ns;
    std::copy(numbers.begin(), numbers.end(), event.number);
    return event;
}

holter_probe_text_hit text_hit(std::uint32_t probe, const std::string& text,
                               std::vector<std::uint64_t> numbers = {}) {
    holter_probe_text_hit event{};
    event.event = {HOLTER_EVENT_PROBE_TEXT_HIT, 0};
    event.probe = probe;
    event.length[0] = static_cast<__u16>(text.size());
    std::copy(text.begin(), text.end(), event.text[0]);
    std::copy(numbers.begin(), numbers.end(), event.number);
    return event;
}

/// One process of a C++ program, with a family of each type.
struct Shop {
    explicit Shop(std::size_t limit = 2000) : aggregator({limit, 3600 * second}) {
        Target shop = target(0, "shop", "");
        shop.runtime = "shop";
        aggregator.add_target(shop, 0);
        declare({"label"});
    }
    void declare(const std::vector<std::string>& labels) {
        aggregator.declare_family(declared(counter, DeclaredFamily::Type::counter, labels));
        aggregator.declare_family(declared(gauge, DeclaredFamily::Type::gauge, labels));
        aggregator.declare_family(declared(durations, DeclaredFamily::Type::histogram, labels));
    }
    double number(Family family, const std::string& label) const {
        return test::number(*aggregator.snapshot(0), family, {label});
    }
    double lost(const std::string& type, const std::string& cause) const {
        return test::number(*aggregator.snapshot(0), Family::events_lost, {type, cause});
    }
    std::size_t series(Family family) const {
        const auto snapshot = aggregator.snapshot(0);
        return static_cast<std::size_t>(
            std::count_if(snapshot->numbers.begin(), snapshot->numbers.end(),
                          [&](const NumberSeries& one) { return one.family == family; }));
    }
    Aggregator aggregator;
};

} // namespace

TEST_CASE("every measure goes where it belongs", "[catalogue]") {
    Shop shop;
    auto& aggregator = shop.aggregator;
    aggregator.define_probe(1, feeding(counter, Measure::count, {constant("count")}));
    aggregator.define_probe(2, feeding(counter, Measure::sum, {constant("sum")}));
    aggregator.define_probe(3, feeding(gauge, Measure::level, {constant("level")}));
    aggregator.define_probe(4, feeding(durations, Measure::duration, {constant("duration")}));
    auto distribution = feeding(durations, Measure::distribution, {constant("distribution")});
    distribution.value = 1;
    aggregator.define_probe(5, distribution);
    auto error = feeding(Family::errors, Measure::error, {text_label(0)});
    aggregator.define_probe(6, error);

    for (int i = 0; i < 3; ++i)
        aggregator.on_record(bytes_of(hit(1)));
    aggregator.on_record(bytes_of(hit(2, {40})));
    aggregator.on_record(bytes_of(hit(2, {2})));
    aggregator.on_record(bytes_of(hit(3, {5})));
    aggregator.on_record(bytes_of(hit(3, {static_cast<std::uint64_t>(-7)})));
    aggregator.on_record(bytes_of(hit(4, {}, 10)));
    aggregator.on_record(bytes_of(hit(4, {}, 11)));
    aggregator.on_record(bytes_of(hit(5, {0, 5000})));
    aggregator.on_record(bytes_of(text_hit(6, "std::out_of_range")));
    aggregator.on_record(bytes_of(text_hit(6, "std::out_of_range")));

    CHECK(shop.number(counter, "count") == 3);
    CHECK(shop.number(counter, "sum") == 42);
    CHECK(shop.number(gauge, "level") == -7);
    const auto snapshot = aggregator.snapshot(0);
    const Histogram* took = histogram(*snapshot, durations, {"duration"});
    REQUIRE(took);
    CHECK(took->count() == 2);
    CHECK(took->sum() == 21);
    const Histogram* distributed = histogram(*snapshot, durations, {"distribution"});
    REQUIRE(distributed);
    CHECK(distributed->sum() == 5000);
    CHECK(number(*snapshot, Family::errors,
                 {"exception", "system", "std::out_of_range", "false"}) == 2);
}

TEST_CASE("numbers below zero do not make a counter fall", "[catalogue]") {
    Shop shop;
    shop.aggregator.define_probe(1, feeding(counter, Measure::sum, {constant("sum")}));
    shop.aggregator.define_probe(2, feeding(durations, Measure::distribution, {constant("d")}));
    shop.aggregator.on_record(bytes_of(hit(1, {10})));
    shop.aggregator.on_record(bytes_of(hit(1, {static_cast<std::uint64_t>(-3)})));
    shop.aggregator.on_record(bytes_of(hit(2, {static_cast<std::uint64_t>(-3)})));
    CHECK(shop.number(counter, "sum") == 10);
    CHECK(shop.lost("probe_hit", "negative_value") == 2);
    CHECK(shop.series(counter) == 1);
    CHECK_FALSE(histogram(*shop.aggregator.snapshot(0), durations, {"d"}));
}

TEST_CASE("an error whose type is an empty text has the type unknown", "[catalogue]") {
    Shop shop;
    shop.aggregator.define_probe(1, feeding(Family::errors, Measure::error, {text_label(0)}));
    shop.aggregator.on_record(bytes_of(text_hit(1, "")));
    CHECK(number(*shop.aggregator.snapshot(0), Family::errors,
                 {"exception", "system", "unknown", "false"}) == 1);
}

TEST_CASE("labels come from numbers, names and texts", "[catalogue]") {
    Shop shop;
    auto& aggregator = shop.aggregator;
    aggregator.define_probe(
        1, feeding(counter, Measure::count, {number_label(1, {{0, "zero"}, {-1, "minus"}})}));
    aggregator.define_probe(
        2, feeding(counter, Measure::count, {number_label(0, {{7, "seven"}}, "none of them")}));
    aggregator.define_probe(3, feeding(counter, Measure::count, {text_label(0)}));

    aggregator.on_record(bytes_of(hit(1, {9, 0})));
    aggregator.on_record(bytes_of(hit(1, {9, static_cast<std::uint64_t>(-1)})));
    aggregator.on_record(bytes_of(hit(1, {9, 12})));
    aggregator.on_record(bytes_of(hit(2, {7})));
    aggregator.on_record(bytes_of(hit(2, {8})));
    aggregator.on_record(bytes_of(text_hit(3, "żółw\xFF\"\n")));
    aggregator.on_record(bytes_of(text_hit(3, std::string(128, 'x'))));
    aggregator.on_record(bytes_of(text_hit(3, "")));

    CHECK(shop.number(counter, "zero") == 1);
    CHECK(shop.number(counter, "minus") == 1);
    CHECK(shop.number(counter, "12") == 1);
    CHECK(shop.number(counter, "seven") == 1);
    CHECK(shop.number(counter, "none of them") == 1);
    CHECK(shop.number(counter, "") == 1);
    CHECK(shop.number(counter, std::string(128, 'x')) == 1);
    // What is no UTF-8 becomes U+FFFD.
    CHECK(shop.number(counter, "żółw\xEF\xBF\xBD\"\n") == 1);
}

TEST_CASE("only what is wanted counts", "[catalogue]") {
    Shop shop;
    LabelSource only = text_label(0);
    only.only = {"GC*"};
    only.except = {"GC_internal"};
    shop.aggregator.define_probe(1, feeding(counter, Measure::count, {only}));
    LabelSource named = number_label(0, {{0, "young"}, {1, "idle"}});
    named.except = {"idle"};
    shop.aggregator.define_probe(2, feeding(counter, Measure::count, {named}));
    for (const char* text : {"GC_full", "GC_internal", "safepoint", "GC_full"})
        shop.aggregator.on_record(bytes_of(text_hit(1, text)));
    for (const std::uint64_t number : {0U, 1U, 1U})
        shop.aggregator.on_record(bytes_of(hit(2, {number})));
    CHECK(shop.number(counter, "GC_full") == 2);
    CHECK(shop.number(counter, "young") == 1);
    CHECK(shop.series(counter) == 2);
    CHECK(std::isnan(shop.lost("probe_text_hit", "unresolved")));
}

TEST_CASE("a resolver names numbers and texts, and says when it cannot", "[catalogue]") {
    Shop shop;
    LabelSource asks = number_label(0);
    asks.resolver = 3;
    shop.aggregator.define_probe(1, feeding(counter, Measure::count, {asks}));
    LabelSource asks_for_text = text_label(0);
    asks_for_text.resolver = 2;
    shop.aggregator.define_probe(2, feeding(counter, Measure::count, {asks_for_text}));
    int asked = 0;
    shop.aggregator.set_resolver([&](std::uint32_t target, std::uint32_t as, std::uint64_t number,
                                     std::string_view text) -> std::string {
        ++asked;
        CHECK(target == 0);
        if (as == 2)
            return "demangled " + std::string(text);
        return number == 1 ? "java.lang.Error" : "";
    });
    for (const std::uint64_t number : {1U, 1U, 2U, 2U})
        shop.aggregator.on_record(bytes_of(hit(1, {number})));
    shop.aggregator.on_record(bytes_of(text_hit(2, "N4shop5ErrorE")));
    CHECK(shop.number(counter, "java.lang.Error") == 2);
    CHECK(shop.number(counter, "demangled N4shop5ErrorE") == 1);
    CHECK(shop.lost("probe_hit", "unresolved") == 2);
    CHECK(asked == 4); // what is known is not asked again; what failed is
}

TEST_CASE("a process has at most 256 label sets in a family, then other", "[catalogue]") {
    Shop shop;
    shop.aggregator.define_probe(1, feeding(counter, Measure::count, {text_label(0)}));
    shop.aggregator.define_probe(2, feeding(gauge, Measure::level, {number_label(1)}));
    shop.aggregator.define_probe(3, feeding(durations, Measure::duration, {number_label(0)}));
    for (std::uint64_t i = 0; i < 1000; ++i) {
        shop.aggregator.on_record(bytes_of(text_hit(1, "text " + std::to_string(i))));
        shop.aggregator.on_record(bytes_of(hit(2, {1, i})));
        shop.aggregator.on_record(bytes_of(hit(3, {i}, 1)));
    }
    CHECK(shop.series(counter) == 257);
    CHECK(shop.number(counter, "other") == 1000 - 256);
    CHECK(shop.series(gauge) == 257);
    const auto snapshot = shop.aggregator.snapshot(0);
    const Histogram* other = histogram(*snapshot, durations, {"other"});
    REQUIRE(other);
    CHECK(other->count() == 1000 - 256);
    // Those that are known go on.
    shop.aggregator.on_record(bytes_of(text_hit(1, "text 7")));
    CHECK(shop.number(counter, "text 7") == 2);
}

TEST_CASE("texts of processes do not make a family grow beyond its limit", "[catalogue]") {
    Shop shop(100);
    shop.aggregator.define_probe(1, feeding(counter, Measure::count, {text_label(0)}));
    for (std::uint64_t i = 0; i < 200; ++i)
        shop.aggregator.on_record(bytes_of(text_hit(1, std::to_string(i))));
    CHECK(shop.series(counter) == 101);
    const auto snapshot = shop.aggregator.snapshot(0);
    CHECK(number(*snapshot, counter, {""}, "other") == 100);
}

TEST_CASE("objects are counted by state until they are gone", "[catalogue]") {
    Shop shop;
    auto& aggregator = shop.aggregator;
    auto changes = feeding(gauge, Measure::state,
                           {number_label(1, {{0, "idle"}, {1, "busy"}, {2, "closed"}})});
    changes.object = 0;
    changes.gone = {"closed"};
    aggregator.define_probe(1, changes);
    // Another probe tells of the same objects.
    auto closes = feeding(gauge, Measure::state, {number_label(1, {{0, "closed"}})});
    closes.object = 0;
    closes.gone = {"closed"};
    aggregator.define_probe(2, closes);
    const auto change = [&](std::uint64_t object, std::uint64_t state) {
        aggregator.on_record(bytes_of(hit(1, {object, state})));
    };
    change(10, 0);
    change(11, 0);
    change(11, 1);
    change(11, 1);
    CHECK(shop.number(gauge, "idle") == 1);
    CHECK(shop.number(gauge, "busy") == 1);
    change(10, 2);
    change(10, 2); // gone already
    aggregator.on_record(bytes_of(hit(2, {11, 0})));
    CHECK(shop.number(gauge, "idle") == 0);
    CHECK(shop.number(gauge, "busy") == 0);
    CHECK(shop.series(gauge) == 2);
}

TEST_CASE("a process has a bounded number of objects", "[catalogue]") {
    Shop shop;
    auto changes = feeding(gauge, Measure::state, {number_label(1, {{0, "idle"}})});
    changes.object = 0;
    shop.aggregator.define_probe(1, changes);
    for (std::uint64_t i = 0; i < 65536 + 10; ++i)
        shop.aggregator.on_record(bytes_of(hit(1, {i, 0})));
    CHECK(shop.number(gauge, "idle") == 65536);
    CHECK(shop.lost("probe_hit", "too_many_objects") == 10);
}

TEST_CASE("counts stay with the service when the process ends, gauges do not", "[catalogue]") {
    Shop shop;
    auto& aggregator = shop.aggregator;
    aggregator.define_probe(1, feeding(counter, Measure::count, {constant("c")}));
    aggregator.define_probe(2, feeding(gauge, Measure::level, {constant("g")}));
    aggregator.define_probe(3, feeding(durations, Measure::duration, {constant("d")}));
    for (int round = 1; round <= 2; ++round) {
        aggregator.on_record(bytes_of(hit(1)));
        aggregator.on_record(bytes_of(hit(2, {9})));
        aggregator.on_record(bytes_of(hit(3, {}, 5)));
        aggregator.remove_target(0);
        CHECK(shop.number(counter, "c") == round);
        CHECK(std::isnan(shop.number(gauge, "g")));
        const auto snapshot = aggregator.snapshot(0);
        CHECK(histogram(*snapshot, durations, {"d"})->count() == static_cast<unsigned>(round));
        Target next = target(0, "shop", "");
        next.runtime = "shop";
        aggregator.add_target(next, 0);
    }
    aggregator.remove_target(0);
    aggregator.on_record(bytes_of(hit(1)));
    CHECK(shop.lost("probe_hit", "unknown_target") == 1);
}

TEST_CASE("what can be foreseen is zero from the beginning", "[catalogue]") {
    Shop shop;
    auto& aggregator = shop.aggregator;
    LabelSource kinds = number_label(0, {{0, "minor"}, {1, "major"}, {2, "minor"}, {3, "never"}});
    kinds.except = {"never"};
    aggregator.define_probe(1, feeding(counter, Measure::count, {kinds}));
    aggregator.define_probe(2, feeding(counter, Measure::sum, {constant("bytes")}));
    aggregator.define_probe(3, feeding(counter, Measure::count, {text_label(0)}));
    aggregator.define_probe(4, feeding(gauge, Measure::level, {constant("g")}));
    aggregator.define_probe(5, feeding(durations, Measure::duration, {constant("d")}));
    for (std::uint32_t probe = 1; probe <= 5; ++probe)
        aggregator.expect_probe(0, probe);
    aggregator.expect_probe(0, 99); // nobody defined it
    aggregator.expect_probe(9, 1);  // nobody
    CHECK(shop.number(counter, "minor") == 0);
    CHECK(shop.number(counter, "major") == 0);
    CHECK(shop.number(counter, "bytes") == 0);
    CHECK(shop.series(counter) == 3);
    CHECK(shop.series(gauge) == 0);
    const auto snapshot = aggregator.snapshot(0);
    REQUIRE(histogram(*snapshot, durations, {"d"}));
    CHECK(histogram(*snapshot, durations, {"d"})->count() == 0);
}

TEST_CASE("a number with a new meaning leads to the new series", "[catalogue]") {
    Shop shop;
    auto& aggregator = shop.aggregator;
    aggregator.define_probe(1, feeding(counter, Measure::count, {number_label(0, {{0, "old"}})}));
    aggregator.on_record(bytes_of(hit(1)));
    aggregator.forget_probe(1);
    aggregator.on_record(bytes_of(hit(1)));
    CHECK(shop.lost("probe_hit", "probe_removed") == 1);
    CHECK(shop.lost("probe_hit", "unknown_target") == 0);
    aggregator.define_probe(1, feeding(counter, Measure::count, {number_label(0, {{0, "new"}})}));
    aggregator.on_record(bytes_of(hit(1)));
    CHECK(shop.number(counter, "old") == 1);
    CHECK(shop.number(counter, "new") == 1);
}

TEST_CASE("what a probe said of the present ends when it is taken out", "[catalogue]") {
    Shop shop;
    auto& aggregator = shop.aggregator;
    const std::map<std::int64_t, std::string> states = {{0, "idle"}, {1, "busy"}};
    auto changes = feeding(gauge, Measure::state, {number_label(1, states)});
    for (const std::uint32_t probe : {1U, 2U})
        aggregator.define_probe(probe, changes);
    for (const std::uint32_t probe : {3U, 4U})
        aggregator.define_probe(probe, feeding(gauge, Measure::level, {constant("level")}));
    aggregator.define_probe(5, feeding(counter, Measure::count, {constant("count")}));
    aggregator.on_record(bytes_of(hit(1, {10, 0})));
    aggregator.on_record(bytes_of(hit(1, {11, 1})));
    aggregator.on_record(bytes_of(hit(2, {12, 0})));
    aggregator.on_record(bytes_of(hit(3, {5})));
    aggregator.on_record(bytes_of(hit(4, {6})));
    aggregator.on_record(bytes_of(hit(5)));
    REQUIRE(shop.number(gauge, "idle") == 2);
    REQUIRE(shop.number(gauge, "busy") == 1);

    // Of two that feed a series the other one is still there.
    aggregator.withdraw_probe(0, 1);
    aggregator.withdraw_probe(0, 3);
    aggregator.withdraw_probe(0, 5);
    CHECK(shop.number(gauge, "idle") == 1);
    CHECK(std::isnan(shop.number(gauge, "busy")));
    CHECK(shop.number(gauge, "level") == 6);
    CHECK(shop.number(counter, "count") == 1);
    aggregator.withdraw_probe(0, 2);
    aggregator.withdraw_probe(0, 4);
    CHECK(shop.series(gauge) == 0);

    // Hits that were on their way change nothing any more, and are not lost silently.
    aggregator.on_record(bytes_of(hit(1, {10, 0})));
    aggregator.on_record(bytes_of(hit(3, {7})));
    aggregator.on_record(bytes_of(hit(5)));
    CHECK(shop.series(gauge) == 0);
    CHECK(shop.number(counter, "count") == 1);
    CHECK(shop.lost("probe_hit", "probe_removed") == 3);

    // The library is there again, and its probes with it.
    for (const std::uint32_t probe : {1U, 3U, 5U})
        aggregator.expect_probe(0, probe);
    aggregator.on_record(bytes_of(hit(1, {10, 0})));
    aggregator.on_record(bytes_of(hit(3, {8})));
    aggregator.on_record(bytes_of(hit(5)));
    CHECK(shop.number(gauge, "idle") == 1);
    CHECK(shop.number(gauge, "level") == 8);
    CHECK(shop.number(counter, "count") == 2);
}

TEST_CASE("gauges of probes that came and went leave room for others", "[catalogue]") {
    Shop shop;
    auto& aggregator = shop.aggregator;
    for (std::uint32_t turn = 0; turn < 3; ++turn) {
        aggregator.define_probe(turn, feeding(gauge, Measure::level, {number_label(1)}));
        for (std::uint64_t i = 0; i < 200; ++i)
            aggregator.on_record(bytes_of(hit(turn, {1, 1000 * turn + i})));
        CHECK(shop.series(gauge) == 200);
        aggregator.forget_probe(turn);
        CHECK(shop.series(gauge) == 0);
    }
}

TEST_CASE("families of every runtime have the runtime as a label", "[catalogue]") {
    Shop shop;
    shop.aggregator.define_probe(1,
                                 feeding(Family::gc_pause, Measure::duration, {constant("minor")}));
    shop.aggregator.on_record(bytes_of(hit(1, {}, 1234)));
    const auto snapshot = shop.aggregator.snapshot(0);
    bool found = false;
    for (const auto& series : snapshot->histograms)
        found |= series.family == Family::gc_pause &&
                 series.labels->own == std::vector<std::string>{"shop", "minor"};
    CHECK(found);
}
