// SPDX-License-Identifier: Apache-2.0
#include "aggregator/requests/trace_context.h"

#include "aggregator/series/histogram.h"
#include "tests/unit/aggregator/fixture.h"
#include "tests/unit/catch.h"

#include <algorithm>

using namespace holter::aggregator;
using namespace holter::aggregator::test;

namespace {

constexpr std::uint64_t ms = 1'000'000;
const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string span = "00f067aa0ba902b7";

std::string parent(const std::string& of_trace = trace, const std::string& of_span = span,
                   const std::string& flags = "01") {
    return "00-" + of_trace + "-" + of_span + "-" + flags;
}

ExemplarPtr observed(std::uint64_t unix_ns, bool sampled, std::uint64_t value = 1) {
    return exemplar_of(parent(trace, span, sampled ? "01" : "00"), {}, value, unix_ns);
}

holter_traced_request traced(std::uint8_t kind, const std::string& text, std::uint16_t status,
                             const std::string& header, const std::string& id = {},
                             std::uint64_t ns = 7 * ms) {
    holter_traced_request event{};
    event.event = {HOLTER_EVENT_TRACED_REQUEST, 0};
    event.facts.kind = kind;
    event.facts.status = status;
    event.facts.duration_ns = ns;
    event.ended_ns = 5 * second;
    event.facts.text_length = static_cast<std::uint16_t>(text.size());
    event.trace_length = static_cast<std::uint8_t>(header.size());
    event.id_length = static_cast<std::uint8_t>(id.size());
    std::copy(text.begin(), text.end(), event.text);
    std::copy(header.begin(), header.end(), event.trace);
    std::copy(id.begin(), id.end(), event.id);
    return event;
}

} // namespace

TEST_CASE("a traceparent is taken as its standard has it", "[trace]") {
    const std::string header = parent();
    const auto parsed = parse_traceparent(header);
    REQUIRE(parsed);
    CHECK(parsed->trace_id == trace);
    CHECK(parsed->span_id == span);
    CHECK(parsed->sampled);
    CHECK_FALSE(parse_traceparent(parent(trace, span, "00"))->sampled);
    CHECK(parse_traceparent(parent(trace, span, "ff"))->sampled);
    CHECK_FALSE(parse_traceparent(parent(trace, span, "02"))->sampled);
}

TEST_CASE("what is no traceparent is none", "[trace]") {
    CHECK_FALSE(parse_traceparent(""));
    CHECK_FALSE(parse_traceparent(std::string(55, '\0')));
    CHECK_FALSE(parse_traceparent(std::string(55, '-')));
    CHECK_FALSE(parse_traceparent(parent().substr(1)));
    CHECK_FALSE(parse_traceparent(parent() + "-"));
    CHECK_FALSE(parse_traceparent("01" + parent().substr(2)));
    CHECK_FALSE(parse_traceparent("ff" + parent().substr(2)));
    CHECK_FALSE(parse_traceparent("00_" + parent().substr(3)));
    CHECK_FALSE(parse_traceparent(parent(std::string(32, '0'))));
    CHECK_FALSE(parse_traceparent(parent(trace, std::string(16, '0'))));
    CHECK_FALSE(parse_traceparent(parent(trace.substr(1) + "G")));
    CHECK_FALSE(parse_traceparent(parent(std::string(32, 'A'))));
    CHECK_FALSE(parse_traceparent(parent(trace, span.substr(1) + "\"")));
    CHECK_FALSE(parse_traceparent(parent(trace, span, "0x")));
    CHECK_FALSE(parse_traceparent(parent(trace, span, "0F")));
}

TEST_CASE("identifiers of requests are visible text", "[trace]") {
    CHECK(is_request_id("550e8400-e29b-41d4-a716-446655440000"));
    CHECK(is_request_id(std::string(64, 'x')));
    CHECK(is_request_id("żółw \"7\" \\"));
    CHECK_FALSE(is_request_id(""));
    CHECK_FALSE(is_request_id(std::string(65, 'x')));
    CHECK_FALSE(is_request_id("a\tb"));
    CHECK_FALSE(is_request_id("a\x7f"));
    CHECK_FALSE(is_request_id(std::string("a\0b", 3)));
    CHECK_FALSE(is_request_id("caf\xe9"));
    CHECK_FALSE(is_request_id("\xed\xa0\x80"));
}

TEST_CASE("a trace goes before an identifier", "[trace]") {
    CHECK(exemplar_of(parent(), "seven", 1, 2)->request_id.empty());
    CHECK(exemplar_of("junk", "seven", 1, 2)->request_id == "seven");
    CHECK(exemplar_of("junk", "seven", 1, 2)->trace_id.empty());
    CHECK(exemplar_of("junk", "\xff", 1, 2) == nullptr);
    CHECK(exemplar_of("", "", 1, 2) == nullptr);
}

TEST_CASE("the latest exemplar stays, and one that leads somewhere a minute longer", "[trace]") {
    ExemplarPtr kept;
    keep_better(kept, nullptr);
    CHECK(kept == nullptr);
    const auto first = observed(1 * second, false), second_one = observed(2 * second, false);
    keep_better(kept, second_one);
    keep_better(kept, first);
    CHECK(kept == second_one);
    const auto sampled = observed(3 * second, true);
    keep_better(kept, sampled);
    keep_better(kept, observed(62 * second, false));
    CHECK(kept == sampled);
    const auto later = observed(63 * second, false);
    keep_better(kept, later);
    CHECK(kept == later);
    keep_better(kept, sampled);
    CHECK(kept == sampled); // equally good
}

TEST_CASE("a histogram keeps an exemplar in the bucket of its value", "[trace]") {
    const auto bounds =
        std::make_shared<const std::vector<std::uint64_t>>(std::vector<std::uint64_t>{10, 20});
    Histogram one(bounds), other(bounds);
    one.observe(10);
    CHECK(one.exemplars().empty());
    one.observe(10, observed(5, true, 10));
    one.observe(21, observed(6, true, 21));
    other.observe(30, observed(7, true, 30));
    other.observe(11);
    one.merge(other);
    REQUIRE(one.exemplars().size() == 3);
    CHECK(one.exemplars()[0]->value == 10);
    CHECK_FALSE(one.exemplars()[1]);
    CHECK(one.exemplars()[2]->value == 30);
    Histogram empty;
    empty.merge(one);
    CHECK(empty.exemplars()[2]->value == 30);
}

TEST_CASE("a request with a trace is counted, and exemplifies its bucket and its error",
          "[trace]") {
    Aggregator aggregator;
    aggregator.set_unix_time(1'000 * second);
    aggregator.add_target(target(0), 0);
    aggregator.on_record(bytes_of(traced(HOLTER_GRPC_SERVER, "/a.B/C", 13, parent())));
    aggregator.on_record(bytes_of(traced(HOLTER_HTTP_SERVER, "/x", 404, "", "seven")));
    aggregator.on_record(bytes_of(traced(HOLTER_HTTP_SERVER, "/x", 200, "junk", "")));

    auto snapshot = aggregator.snapshot(second);
    const auto check = [&] {
        const Histogram* calls =
            histogram(*snapshot, Family::rpc_server, {"grpc", "a.B/C", "INTERNAL", "INTERNAL"});
        REQUIRE(calls);
        CHECK(calls->count() == 1);
        REQUIRE(calls->exemplars().size() == calls->bounds() + 1);
        REQUIRE(calls->exemplars()[1]); // up to 10 ms
        CHECK(calls->exemplars()[1]->trace_id == trace);
        CHECK(calls->exemplars()[1]->unix_ns == 1'005 * second);
        CHECK(calls->exemplars()[1]->value == 7 * ms);
        const Histogram* found =
            histogram(*snapshot, Family::http_server, {"GET", "/x", "404", ""});
        REQUIRE(found);
        REQUIRE_FALSE(found->exemplars().empty());
        CHECK(found->exemplars()[1]->request_id == "seven");
        const Histogram* good = histogram(*snapshot, Family::http_server, {"GET", "/x", "200", ""});
        REQUIRE(good);
        CHECK(good->exemplars().empty());
        std::vector<std::string> of_errors;
        for (const NumberSeries& series : snapshot->numbers)
            if (series.exemplar) {
                CHECK(series.family == Family::errors);
                of_errors.push_back(series.exemplar->trace_id + series.exemplar->request_id);
            }
        CHECK(of_errors == std::vector<std::string>{trace, "seven"});
    };
    check();
    CHECK(number(*snapshot, Family::events, {"traced_request"}) == 3);
    aggregator.remove_target(0); // the service keeps them
    snapshot = aggregator.snapshot(second);
    check();
}

TEST_CASE("malformed requests with a trace are counted as lost", "[trace]") {
    Aggregator aggregator;
    aggregator.add_target(target(0), 0);
    auto event = traced(HOLTER_GRPC_SERVER, "/a.B/C", 0, parent());
    event.trace_length = sizeof(event.trace) + 1;
    aggregator.on_record(bytes_of(event));
    event = traced(HOLTER_GRPC_SERVER, "/a.B/C", 0, parent());
    event.id_length = HOLTER_REQUEST_ID + 1;
    aggregator.on_record(bytes_of(event));
    event = traced(HOLTER_REQUEST_KINDS, "/a.B/C", 0, parent());
    aggregator.on_record(bytes_of(event));
    event = traced(HOLTER_GRPC_SERVER, "/a.B/C", 0, parent());
    event.facts.text_length = HOLTER_LONG_REQUEST_TEXT + 1;
    aggregator.on_record(bytes_of(event));
    CHECK(number(*aggregator.snapshot(second), Family::events_lost,
                 {"traced_request", "malformed"}) == 4);
}
