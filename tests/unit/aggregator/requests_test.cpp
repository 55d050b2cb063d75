// SPDX-License-Identifier: Apache-2.0
#include "aggregator/requests/endpoint.h"
#include "tests/unit/aggregator/fixture.h"
#include "tests/unit/catch.h"

#include <algorithm>

using namespace holter::aggregator;
using namespace holter::aggregator::test;

namespace {

holter_request request(std::uint8_t kind, const std::string& text, std::uint16_t status,
                       std::uint64_t ns = 1'000'000, std::uint8_t flags = 0,
                       const std::string& method = "GET") {
    holter_request event{};
    event.event = {HOLTER_EVENT_REQUEST, 0};
    event.facts.kind = kind;
    event.facts.status = status;
    event.facts.duration_ns = ns;
    event.facts.flags = flags;
    if (kind >= HOLTER_HTTP_SERVER)
        std::copy_n(method.begin(), std::min<std::size_t>(method.size(), 8), event.facts.method);
    event.facts.text_length = static_cast<std::uint16_t>(text.size());
    std::copy(text.begin(), text.end(), event.text);
    return event;
}

struct Counting {
    Aggregator aggregator;
    Counting() { aggregator.add_target(target(0), 0); }
    void operator()(const holter_request& event) { aggregator.on_record(bytes_of(event)); }
    std::uint64_t count(Family family, const std::vector<std::string>& own,
                        const std::string& service = "shop") {
        const auto snapshot = aggregator.snapshot(second);
        const Histogram* found = histogram(*snapshot, family, own, service);
        return found ? found->count() : 0;
    }
};

} // namespace

TEST_CASE("requests are counted by endpoint and outcome", "[requests]") {
    Counting add;
    add(request(HOLTER_GRPC_SERVER, "/shop.v1.Cart/Add", 0, 7'000'000));
    add(request(HOLTER_GRPC_SERVER, "/shop.v1.Cart/Add", 0, 3'000'000));
    add(request(HOLTER_GRPC_SERVER, "/shop.v1.Cart/Add", 5));
    add(request(HOLTER_GRPC_SERVER, "/shop.v1.Cart/Add", 13));
    add(request(HOLTER_GRPC_CLIENT, "/shop.v1.Cart/Add", 5));
    add(request(HOLTER_HTTP_SERVER, "GET shop.example/items/{id}", 200, 1, HOLTER_REQUEST_ROUTE));
    add(request(HOLTER_HTTP_SERVER, "/items/4711", 503));
    add(request(HOLTER_HTTP_CLIENT, "shop.example:8080", 404, 1, 0, ""));

    const auto snapshot = add.aggregator.snapshot(second);
    const Histogram* ok =
        histogram(*snapshot, Family::rpc_server, {"grpc", "shop.v1.Cart/Add", "OK", ""});
    REQUIRE(ok);
    CHECK(ok->count() == 2);
    CHECK(ok->count(0) == 1); // up to 5 ms
    CHECK(ok->sum() == 10'000'000);
    // What the client did wrong is no error of the server.
    CHECK(add.count(Family::rpc_server, {"grpc", "shop.v1.Cart/Add", "NOT_FOUND", ""}) == 1);
    CHECK(add.count(Family::rpc_server, {"grpc", "shop.v1.Cart/Add", "INTERNAL", "INTERNAL"}) == 1);
    CHECK(add.count(Family::rpc_client, {"grpc", "shop.v1.Cart/Add", "NOT_FOUND", "NOT_FOUND"}) ==
          1);
    CHECK(add.count(Family::http_server, {"GET", "/items/{id}", "200", ""}) == 1);
    CHECK(add.count(Family::http_server, {"GET", "/items/{id}", "503", "503"}) == 1);
    CHECK(add.count(Family::http_client, {"GET", "shop.example", "404", "404"}) == 1);
    CHECK(number(*snapshot, Family::events, {"request"}) == 8);
}

TEST_CASE("time that was a stop is counted with its endpoint", "[requests]") {
    Counting add;
    auto event = request(HOLTER_GRPC_SERVER, "/a.B/C", 0);
    event.facts.gc_pause_ns = 500;
    event.facts.gc_pauses = 2;
    add(event);
    add(request(HOLTER_GRPC_SERVER, "/a.B/C", 0));
    event = request(HOLTER_HTTP_SERVER, "/health", 200);
    event.facts.gc_pause_ns = 40;
    event.facts.gc_pauses = 1;
    add(event);
    const auto snapshot = add.aggregator.snapshot(second);
    CHECK(number(*snapshot, Family::request_gc_pause, {"a.B/C", ""}) == 500);
    CHECK(number(*snapshot, Family::requests_paused, {"a.B/C", ""}) == 1);
    CHECK(number(*snapshot, Family::request_gc_pause, {"", "/health"}) == 40);
}

TEST_CASE("requests that do not end as usual", "[requests]") {
    Counting add;
    add(request(HOLTER_HTTP_SERVER, "/ws", 0, 1, HOLTER_REQUEST_HIJACKED));
    add(request(HOLTER_HTTP_SERVER, "/ws", 0, 1, HOLTER_REQUEST_PANICKED));
    add(request(HOLTER_HTTP_CLIENT, "10.0.0.1:80", 0, 1, HOLTER_REQUEST_FAILED));
    CHECK(add.count(Family::http_server, {"GET", "/ws", "", ""}) == 1);
    CHECK(add.count(Family::http_server, {"GET", "/ws", "", "panic"}) == 1);
    CHECK(add.count(Family::http_client, {"GET", "10.0.0.1", "", "_OTHER"}) == 1);
}

TEST_CASE("clients do not decide how many series there are", "[requests]") {
    Counting add;
    SECTION("unknown methods share a label") {
        for (int i = 0; i < 5000; ++i)
            add(request(HOLTER_GRPC_SERVER, "/no/M" + std::to_string(i), 12, 1,
                        HOLTER_REQUEST_UNKNOWN_METHOD));
        CHECK(add.count(Family::rpc_server, {"grpc", "_OTHER", "UNIMPLEMENTED", "UNIMPLEMENTED"}) ==
              5000);
    }
    SECTION("endpoints of a process are bounded, and nothing is dropped") {
        for (int i = 0; i < 5000; ++i)
            add(request(HOLTER_GRPC_CLIENT, "/s/M" + std::to_string(i), 0));
        CHECK(add.count(Family::rpc_client, {"grpc", "_OTHER", "OK", ""}) == 4000);
        CHECK(add.count(Family::rpc_client, {"grpc", "s/M0", "OK", ""}) == 1);
    }
    SECTION("a scanner does not take the room of real paths") {
        for (int i = 0; i < 500; ++i)
            add(request(HOLTER_HTTP_SERVER,
                        "/scan/" + std::string(1, char('a' + i % 26)) +
                            std::string(1, char('a' + i / 26)),
                        404));
        add(request(HOLTER_HTTP_SERVER, "/real", 200));
        CHECK(add.count(Family::http_server, {"GET", "_OTHER", "404", ""}) == 450);
        CHECK(add.count(Family::http_server, {"GET", "/real", "200", ""}) == 1);
    }
}

TEST_CASE("217 methods with several codes fit", "[requests]") {
    Counting add;
    for (int method = 0; method < 217; ++method)
        for (std::uint16_t code = 0; code < 9; ++code)
            add(request(HOLTER_GRPC_SERVER, "/shop.v1.S/M" + std::to_string(method), code));
    const auto snapshot = add.aggregator.snapshot(second);
    CHECK(std::count_if(snapshot->histograms.begin(), snapshot->histograms.end(),
                        [](const HistogramSeries& series) {
                            return series.family == Family::rpc_server;
                        }) == 217 * 9);
    for (const auto& [family, count] : snapshot->limited)
        CHECK(count == 0);
}

TEST_CASE("counts of a process stay when it ends", "[requests]") {
    Counting add;
    add(request(HOLTER_GRPC_SERVER, "/a.B/C", 0));
    add.aggregator.remove_target(0);
    CHECK(add.count(Family::rpc_server, {"grpc", "a.B/C", "OK", ""}) == 1);
    add.aggregator.add_target(target(0), second);
    add(request(HOLTER_GRPC_SERVER, "/a.B/C", 0));
    CHECK(add.count(Family::rpc_server, {"grpc", "a.B/C", "OK", ""}) == 2);
}

TEST_CASE("malformed requests are counted as lost", "[requests]") {
    Counting add;
    auto event = request(HOLTER_GRPC_SERVER, "/a.B/C", 0);
    event.facts.kind = HOLTER_REQUEST_KINDS;
    add(event);
    event = request(HOLTER_GRPC_SERVER, "/a.B/C", 0);
    event.facts.text_length = HOLTER_REQUEST_TEXT + 1;
    add(event);
    const auto snapshot = add.aggregator.snapshot(second);
    CHECK(number(*snapshot, Family::events_lost, {"request", "malformed"}) == 2);
    CHECK(number(*snapshot, Family::events, {"request"}) == 0);
}

TEST_CASE("labels of methods and codes", "[requests]") {
    CHECK(rpc_method_label("/a.B/C") == "a.B/C");
    CHECK(rpc_method_label("") == "_OTHER");
    CHECK(rpc_method_label("/nomethod") == "_OTHER");
    CHECK(rpc_method_label("a/b") == "_OTHER");
    CHECK(rpc_method_label("/a/b\xff") == "_OTHER");
    CHECK(rpc_method_label("/a/\n") == "_OTHER");
    CHECK(grpc_code_name(0) == "OK");
    CHECK(grpc_code_name(1) == "CANCELLED");
    CHECK(grpc_code_name(16) == "UNAUTHENTICATED");
    CHECK(grpc_code_name(17) == "_OTHER");
    CHECK(method_name(method_index({'P', 'A', 'T', 'C', 'H'})) == "PATCH");
    CHECK(method_name(method_index({'O', 'P', 'T', 'I', 'O', 'N', 'S'})) == "OPTIONS");
    CHECK(method_name(method_index({'P', 'R', 'O', 'P', 'F', 'I', 'N', 'D'})) == "_OTHER");
    CHECK(method_name(method_index({'?'})) == "_OTHER");
    CHECK(method_name(method_index({})) == "GET");
}

TEST_CASE("routes", "[requests]") {
    CHECK(route_of_pattern("/items/") == "/items/");
    CHECK(route_of_pattern("GET /items/{id}") == "/items/{id}");
    CHECK(route_of_pattern("example.com/") == "/");
    CHECK(route_of_pattern("POST example.com/a/{rest...}") == "/a/{rest...}");
    CHECK(route_of_path("/") == "/");
    CHECK(route_of_path("/users/42/orders") == "/users/{id}/orders");
    CHECK(route_of_path("/a/550e8400-e29b-41d4-a716-446655440000") == "/a/{id}");
    CHECK(route_of_path("/v1/items") == "/v1/items");
    CHECK(route_of_path("/oauth2/callback") == "/oauth2/callback");
    CHECK(route_of_path("/blob/9f86d081884c") == "/blob/{id}");
    CHECK(route_of_path("/s/" + std::string(60, 'x')) == "/s/{id}");
    CHECK(route_of_path("/caf\xc3\xa9") == "/{id}");
    CHECK(route_of_path("/a/b/c/d/e/f") == "/a/b/c/d/*");
    CHECK(route_of_path("*") == "_OTHER");
    CHECK(route_of_path("") == "_OTHER");
}

TEST_CASE("patterns of routers inside one another", "[requests]") {
    CHECK(route_of_pieces("/items/{id}") == "/items/{id}");
    CHECK(route_of_pieces("/api/*/users/*/{id}") == "/api/users/{id}");
    CHECK(route_of_pieces("/*/*/*") == "/*");
    CHECK(route_of_pieces("/files/*") == "/files/*");
    CHECK(route_of_pieces("/items//") == "/items");
    CHECK(route_of_pieces("/") == "/");
    CHECK(route_of_pieces("//") == "/");
    CHECK(route_of_pieces("") == "");

    Counting add;
    auto event = request(HOLTER_HTTP_SERVER, "/v1/*/{id}", 200);
    event.facts.flags = HOLTER_REQUEST_ROUTE;
    event.facts.pieces = 2;
    add(event);
    CHECK(add.count(Family::http_server, {"GET", "/v1/{id}", "200", ""}) == 1);
}

TEST_CASE("hosts lose their port", "[requests]") {
    CHECK(host_label("shop.example:443") == "shop.example");
    CHECK(host_label("10.0.0.1") == "10.0.0.1");
    CHECK(host_label("[::1]:8080") == "::1");
    CHECK(host_label("") == "_OTHER");
    CHECK(host_label("a b") == "_OTHER");
}
