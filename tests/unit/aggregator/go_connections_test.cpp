// SPDX-License-Identifier: Apache-2.0
#include "aggregator/fixture.h"
#include "aggregator/golang/connection_reasons.h"
#include "aggregator/golang/go_connections.h"
#include "catch.h"

#include <algorithm>

using namespace holter::aggregator;
using namespace holter::aggregator::test;

namespace {

void set_text(holter_go_text& text, const std::string& content) {
    text.length = static_cast<std::uint32_t>(content.size());
    std::copy_n(content.begin(), std::min(content.size(), sizeof(text.bytes)), text.bytes);
}

void dial(Aggregator& aggregator, const std::string& address, std::uint32_t result) {
    holter_go_http_dial event{};
    event.event = {HOLTER_EVENT_GO_HTTP_DIAL, 1};
    event.result = result;
    set_text(event.address, address);
    aggregator.on_record(bytes_of(event));
}

void close(Aggregator& aggregator, const std::string& address, const std::string& error) {
    holter_go_http_close event{};
    event.event = {HOLTER_EVENT_GO_HTTP_CLOSE, 1};
    set_text(event.address, address);
    set_text(event.error, error);
    aggregator.on_record(bytes_of(event));
}

} // namespace

TEST_CASE("texts of Go's libraries become a few words") {
    CHECK(http_close_reason("http: putIdleConn: too many idle connections for host").name ==
          "per_host_limit");
    CHECK(http_close_reason("http: putIdleConn: too many idle connections").name == "total_limit");
    CHECK(http_close_reason("http: putIdleConn: too many idle connections").rejected);
    CHECK(http_close_reason("http: server closed idle connection").name == "server_closed");
    CHECK_FALSE(http_close_reason("http: idle connection timeout").rejected);
    CHECK(http_close_reason("user 4711 went away").name == "other");
    CHECK(http_close_reason("").name == "other");
    CHECK(grpc_close_reason("EOF") == "client_closed");
    CHECK(grpc_close_reason("") == "unknown");
    CHECK(grpc_close_reason("x") == "other");
    CHECK(http2_error_name(11) == "enhance_your_calm");
    CHECK(http2_error_name(14) == "other");
}

TEST_CASE("dials, rejections and closes of a client") {
    Aggregator aggregator;
    aggregator.add_target(target(1), 0);
    dial(aggregator, "stock.shop:80", HOLTER_GO_DIAL_OK);
    dial(aggregator, "[::1]:443", HOLTER_GO_DIAL_FAILED);
    auto snapshot = aggregator.snapshot(second);
    CHECK(number(*snapshot, Family::http_client_dials, {"ok", "stock.shop"}) == 1);
    CHECK(number(*snapshot, Family::http_client_dials, {"failed", "::1"}) == 1);
    CHECK(number(*snapshot, Family::http_client_rejected, {"per_host_limit", "stock.shop"}) == 0);
    close(aggregator, "stock.shop:80", "http: putIdleConn: too many idle connections for host");
    close(aggregator, "stock.shop:80", "http: idle connection timeout");
    snapshot = aggregator.snapshot(second);
    CHECK(number(*snapshot, Family::http_client_rejected, {"per_host_limit", "stock.shop"}) == 1);
    CHECK(number(*snapshot, Family::http_client_closed, {"per_host_limit"}) == 1);
    CHECK(number(*snapshot, Family::http_client_closed, {"idle_timeout"}) == 1);

    aggregator.remove_target(1);
    snapshot = aggregator.snapshot(second);
    CHECK(number(*snapshot, Family::http_client_closed, {"idle_timeout"}) == 1);
}

TEST_CASE("only so many hosts are told apart") {
    Aggregator aggregator;
    aggregator.add_target(target(1), 0);
    for (std::size_t i = 0; i < GoConnections::max_hosts + 5; ++i)
        dial(aggregator, "host" + std::to_string(i) + ":80", HOLTER_GO_DIAL_OK);
    const auto snapshot = aggregator.snapshot(second);
    CHECK(number(*snapshot, Family::http_client_dials, {"ok", "host0"}) == 1);
    CHECK(number(*snapshot, Family::http_client_dials, {"ok", "other"}) == 5);
}

TEST_CASE("a reading says nothing of what is not known") {
    Aggregator aggregator;
    aggregator.add_target(target(1), 0);
    GoConnectionReading reading;
    reading.kinds = {{"http_server", true, 0}};
    aggregator.on_go_connections(1, reading, second);
    auto snapshot = aggregator.snapshot(second);
    CHECK(std::isnan(number(*snapshot, Family::http_server_connections, {"idle"})));
    CHECK(number(*snapshot, Family::connections_partial, {"http_server"}) == 1);

    reading.http_server = {1, 2, 3, 4};
    reading.http_client = {{"stock:80", 5, 6}, {"stock:81", 1, 1}};
    reading.grpc_client = {0, 0, 7, 0, 0};
    reading.grpc_server = 8;
    reading.sql = {1, 9, 10, 3, 0, 0};
    reading.kinds = {{"http_server", false, 2}};
    aggregator.on_go_connections(1, reading, second);
    snapshot = aggregator.snapshot(second);
    CHECK(number(*snapshot, Family::http_server_connections, {"new"}) == 1);
    CHECK(number(*snapshot, Family::http_server_connections, {"hijacked"}) == 4);
    CHECK(number(*snapshot, Family::http_client_connections, {"active", "stock"}) == 6);
    CHECK(number(*snapshot, Family::grpc_client_connections, {"ready"}) == 7);
    CHECK(number(*snapshot, Family::grpc_server_connections, {}) == 8);
    CHECK(number(*snapshot, Family::db_connections, {"used"}) == 9);
    CHECK(number(*snapshot, Family::db_connections_max, {}) == 10);
    CHECK(number(*snapshot, Family::db_connections_closed, {"max_idle"}) == 3);
    CHECK(number(*snapshot, Family::connections_partial, {"http_server"}) == 0);
    CHECK(number(*snapshot, Family::connection_corrections, {"http_server"}) == 2);

    // Gauges go with the process, and what it counted stays.
    aggregator.remove_target(1);
    snapshot = aggregator.snapshot(second);
    CHECK(std::isnan(number(*snapshot, Family::http_server_connections, {"new"})));
    CHECK(number(*snapshot, Family::db_connections_closed, {"max_idle"}) == 3);
}

TEST_CASE("waits for a database connection keep their sum to the nanosecond") {
    Aggregator aggregator;
    aggregator.add_target(target(1), 0);
    for (const std::uint64_t ns : {123'456u, 7'654'321u})
        aggregator.on_record(bytes_of(holter_go_sql_wait{{HOLTER_EVENT_GO_SQL_WAIT, 1}, ns}));
    const auto snapshot = aggregator.snapshot(second);
    const Histogram* waits = histogram(*snapshot, Family::db_connection_wait, {});
    REQUIRE(waits);
    CHECK(waits->count() == 2);
    CHECK(waits->sum() == 7'777'777);
}

namespace {

/// Our waits against those of the pools, at rest: the comparisons and what they found.
struct WaitsAudit {
    Aggregator aggregator;
    std::uint64_t now = 0;

    WaitsAudit() { aggregator.add_target(target(1), 0); }
    void waits(int count) {
        for (int i = 0; i < count; ++i)
            aggregator.on_record(bytes_of(holter_go_sql_wait{{HOLTER_EVENT_GO_SQL_WAIT, 1}, 5}));
    }
    void read(std::uint64_t theirs, std::uint64_t estranged = 0) {
        GoConnectionReading reading;
        reading.sql.emplace();
        reading.sql->waits = theirs;
        reading.sql->estranged = estranged;
        aggregator.on_go_connections(1, reading, now);
    }
    void settle(std::uint64_t theirs, std::uint64_t estranged = 0) {
        read(theirs, estranged);
        now += second;
        read(theirs, estranged);
    }
    std::pair<double, double> counts() {
        const auto snapshot = aggregator.snapshot(now);
        return {number(*snapshot, Family::audit_checks, {"sql_waits"}),
                number(*snapshot, Family::audit_mismatches, {"sql_waits"})};
    }
};

} // namespace

TEST_CASE("waits are held against the pools' own count once nothing moves") {
    WaitsAudit audit;
    audit.settle(0);
    CHECK(audit.counts() == std::pair(1.0, 0.0));
    audit.waits(5);
    audit.read(3); // in between
    audit.read(5);
    CHECK(audit.counts() == std::pair(1.0, 0.0));
    audit.settle(5);
    CHECK(audit.counts() == std::pair(2.0, 0.0));

    SECTION("those that were missed are counted once") {
        audit.settle(8);
        CHECK(audit.counts() == std::pair(3.0, 3.0));
        audit.waits(2);
        audit.settle(10);
        CHECK(audit.counts() == std::pair(4.0, 3.0));
    }
    SECTION("those that were counted twice, too") {
        audit.waits(2);
        audit.settle(6);
        CHECK(audit.counts() == std::pair(3.0, 1.0));
    }
    SECTION("a pool whose past is unknown is no mismatch") {
        audit.waits(100);
        audit.settle(25, 1);
        CHECK(audit.counts() == std::pair(2.0, 0.0));
        audit.waits(1);
        audit.settle(26, 1);
        CHECK(audit.counts() == std::pair(3.0, 0.0));
    }
}

TEST_CASE("connections whose sockets were looked for add up over processes") {
    Aggregator aggregator;
    GoConnectionReading reading;
    for (const std::uint32_t id : {1u, 2u}) {
        aggregator.add_target(target(id), 0);
        reading.kinds = {{"http_server", false, 0, 10, 0}, {"sql", false, 0, 0, 0}};
        aggregator.on_go_connections(id, reading, second);
        reading.kinds = {{"http_server", false, 1, 15, 1}, {"sql", false, 0, 0, 0}};
        aggregator.on_go_connections(id, reading, second);
    }
    aggregator.remove_target(1);
    const auto snapshot = aggregator.snapshot(second);
    CHECK(number(*snapshot, Family::audit_checks, {"http_server_sockets"}) == 30);
    CHECK(number(*snapshot, Family::audit_mismatches, {"http_server_sockets"}) == 2);
}

TEST_CASE("events that cannot be are malformed") {
    Aggregator aggregator;
    aggregator.add_target(target(1), 0);
    dial(aggregator, "stock:80", HOLTER_GO_DIAL_RESULTS);
    aggregator.on_record(bytes_of(holter_go_grpc_transition{
        {HOLTER_EVENT_GO_GRPC_TRANSITION, 1}, 0, 0, HOLTER_GO_GRPC_STATES}));
    const auto snapshot = aggregator.snapshot(second);
    CHECK(number(*snapshot, Family::events_lost, {"go_http_dial", "malformed"}) == 1);
    CHECK(number(*snapshot, Family::events_lost, {"go_grpc_transition", "malformed"}) == 1);
}
