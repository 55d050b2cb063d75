// SPDX-License-Identifier: Apache-2.0
#include "catch.h"
#include "golang/connections/connection_objects.h"
#include "loader/golang/connections/kinds/grpc_objects.h"
#include "loader/golang/connections/kinds/sql_pools.h"

using namespace holter;
using namespace holter::golang;
using test::Client, test::ConnectionMemory, test::object, test::offsets_of, test::Server;

TEST_CASE("a server's connections are read, whoever was there before") {
    Server s;
    s.connections({s.connection(0), s.connection(1), s.connection(1), s.connection(2)});
    CHECK_FALSE(s.servers.read(false));
    s.servers.on_object(object(HOLTER_GO_HTTP_SERVER, s.server));
    const auto reading = s.servers.read(false);
    REQUIRE(reading);
    CHECK(reading->fresh == 1);
    CHECK(reading->active == 2);
    CHECK(reading->idle == 1);
    CHECK(reading->hijacked == 0);
}

TEST_CASE("what is no connection of a known server does not count") {
    Server s;
    s.servers.on_object(object(HOLTER_GO_HTTP_SERVER, s.server));
    const auto gone = s.connection(1);
    const auto stranger = s.connection(1);
    s.target.put(stranger + *s.fields.server, std::uint64_t{0x9999});
    s.connections({gone, stranger, s.connection(2), s.connection(4)});
    s.target.release(gone);
    const auto reading = s.servers.read(false);
    REQUIRE(reading);
    CHECK(reading->active == 0);
    CHECK(reading->idle == 1);
}

TEST_CASE("HTTP/2 is active while a stream is open") {
    Server s;
    s.servers.on_object(object(HOLTER_GO_HTTP_SERVER, s.server));
    s.connections({s.connection(1, 0x7000)});
    const std::uint64_t http2 = s.target.allocate(512);
    s.target.put(http2 + *s.fields.http2_net_conn + 8, std::uint64_t{0x7000});
    s.servers.on_object(object(HOLTER_GO_HTTP2_SERVER_CONN, http2, true, 0x7000));
    CHECK(s.servers.read(false)->idle == 1);
    s.target.put(http2 + *s.fields.http2_streams, std::uint32_t{2});
    CHECK(s.servers.read(false)->active == 1);
    // The connection ends and its memory goes to somebody else: no trace is left.
    s.connections({});
    CHECK(s.servers.read(false)->active == 0);
    s.connections({s.connection(1, 0x7000)});
    s.target.put(http2 + *s.fields.http2_streams, std::uint32_t{0});
    CHECK(s.servers.read(false)->active == 1);
}

TEST_CASE("a hijacked connection counts until its descriptor is closed") {
    Server s;
    s.connections({});
    s.servers.on_object(object(HOLTER_GO_HTTP_SERVER, s.server));
    const std::uint64_t tcp = s.net_conn(7), tls = s.wrapped(tcp);
    const std::uint64_t descriptor = s.memory.value<std::uint64_t>(tcp).value_or(0);
    for (const std::uint64_t net_conn : {tcp, tls}) {
        s.target.put(descriptor + *s.descriptor_fields.state, std::uint64_t{0});
        s.servers.on_object(object(HOLTER_GO_HTTP_HIJACKED, 0x1, true, net_conn));
        CHECK(s.servers.read(false)->hijacked == 1);
        s.target.put(descriptor + *s.descriptor_fields.state, std::uint64_t{1});
        CHECK(s.servers.read(false)->hijacked == 0);
    }
    // Another connection in the same memory.
    s.target.put(descriptor + *s.descriptor_fields.state, std::uint64_t{0});
    s.servers.on_object(object(HOLTER_GO_HTTP_HIJACKED, 0x1, true, tcp));
    CHECK(s.servers.read(false)->hijacked == 1);
    s.target.put(descriptor + *s.descriptor_fields.number, std::uint64_t{8});
    CHECK(s.servers.read(false)->hijacked == 0);
}

TEST_CASE("what is open and not in the pool is in use") {
    Client c;
    const auto a = c.connection("stock:80"), b = c.connection("stock:80");
    CHECK_FALSE(c.clients.read(false));
    c.dial(a, "stock:80");
    c.dial(b, "stock:80");
    c.idle({a});
    auto reading = c.clients.read(false);
    REQUIRE(reading);
    REQUIRE(reading->size() == 1);
    CHECK(reading->front().address == "stock:80");
    CHECK(reading->front().active == 1);
    CHECK(reading->front().idle == 1);
    c.close(b);
    reading = c.clients.read(false);
    CHECK(reading->front().active == 0);
    CHECK(c.clients.corrections() == 0);
}

TEST_CASE("idle connections from before us are found in the pool") {
    Client c;
    c.clients.on_object(object(HOLTER_GO_HTTP_TRANSPORT, c.transport));
    const auto old = c.connection("stock:80"), other = c.connection("price:443");
    c.idle({old, other});
    auto reading = c.clients.read(false);
    REQUIRE(reading->size() == 2);
    CHECK(reading->at(0).address == "price:443");
    CHECK(reading->at(1).idle == 1);
    c.idle({other}); // taken out: it is in use now
    reading = c.clients.read(false);
    CHECK(reading->at(1).active == 1);
}

TEST_CASE("a connection whose end was not seen is corrected") {
    Client c;
    const auto conn = c.connection("stock:80");
    c.dial(conn, "stock:80");
    c.idle({});
    CHECK(c.clients.read(false)->size() == 1);
    c.target.put(conn + *c.fields.closed, std::uint64_t{0x4000});
    CHECK(c.clients.read(false)->empty()); // its event may be on the way
    CHECK(c.clients.corrections() == 0);
    CHECK(c.clients.read(false)->empty());
    CHECK(c.clients.corrections() == 1);
    c.close(conn);
    CHECK(c.clients.corrections() == 1);
}

TEST_CASE("an HTTP/2 client's connection is named by its server's name") {
    Client c;
    c.clients.on_object(object(HOLTER_GO_HTTP_TRANSPORT, c.transport));
    const std::uint64_t tls = c.target.allocate(1024), config = c.target.allocate(512);
    const std::uint64_t http2 = c.target.allocate(1024), text = c.target.allocate(16);
    c.target.put(text, std::uint64_t{0x6b636f7473}); // "stock"
    c.target.put(config + *c.fields.tls_server_name, text);
    c.target.put(config + *c.fields.tls_server_name + 8, std::uint64_t{5});
    c.target.put(tls + *c.fields.tls_config, config);
    c.target.put(http2 + *c.fields.http2_net_conn + 8, tls);
    c.target.put(http2 + *c.fields.http2_streams, c.target.make_map(test::map_format, {1, 3}));
    c.clients.on_object(object(HOLTER_GO_HTTP2_CLIENT_CONN, http2, true, tls));
    auto reading = c.clients.read(false);
    REQUIRE(reading->size() == 1);
    CHECK(reading->front().address == "stock");
    CHECK(reading->front().active == 1);
    c.target.put(http2 + *c.fields.http2_closed, std::uint8_t{1});
    CHECK(c.clients.read(false)->empty());
}

TEST_CASE("a database pool's own account") {
    ConnectionMemory target;
    const SqlFields fields(test::go_offsets());
    const TargetMemory memory = target.access();
    SqlPools pools(memory, {26, 0}, fields);
    const std::uint64_t db = target.allocate(512);
    target.put(db + *fields.connector + 8, std::uint64_t{0xc000010000});
    target.put(db + *fields.free + 8, std::uint64_t{3});
    target.put(db + *fields.open, std::uint64_t{5});
    target.put(db + *fields.limit, std::uint64_t{10});
    target.put(db + *fields.closed_max_idle, std::uint64_t{100});
    CHECK_FALSE(pools.read());

    SECTION("of one that was there before, what it closed before does not count") {
        pools.on_object(object(HOLTER_GO_SQL_DB, db));
        const auto reading = pools.read();
        REQUIRE(reading);
        CHECK(reading->idle == 3);
        CHECK(reading->used == 2);
        CHECK(reading->limit == 10);
        CHECK(reading->closed_max_idle == 0);
        target.put(db + *fields.closed_max_idle, std::uint64_t{104});
        CHECK(pools.read()->closed_max_idle == 4);
    }
    SECTION("of a new one, everything counts") {
        pools.on_object(object(HOLTER_GO_SQL_DB, db, true));
        CHECK(pools.read()->closed_max_idle == 100);
    }
    SECTION("one that is closed leaves its counts") {
        pools.on_object(object(HOLTER_GO_SQL_DB, db, true));
        pools.read();
        target.put(db + *fields.closed, std::uint8_t{1});
        const auto reading = pools.read();
        CHECK(reading->idle + reading->used == 0);
        CHECK(reading->closed_max_idle == 100);
        CHECK(pools.corrections() == 0);
    }
    SECTION("one whose account does not make sense is forgotten") {
        pools.on_object(object(HOLTER_GO_SQL_DB, db));
        pools.read();
        target.put(db + *fields.open, ~std::uint64_t{0});
        CHECK(pools.read()->used == 0);
        CHECK(pools.corrections() == 1);
    }
}

TEST_CASE("channels by state, as their managers have it") {
    ConnectionMemory target;
    const GrpcFields fields(offsets_of("google.golang.org/grpc", "v1.64.1"));
    const TargetMemory memory = target.access();
    GrpcChannels channels(memory, fields);
    const std::uint64_t a = target.allocate(64), b = target.allocate(64);
    CHECK_FALSE(channels.read());
    channels.on_object(object(HOLTER_GO_GRPC_CHANNEL, a));
    channels.on_transition({{HOLTER_EVENT_GO_GRPC_TRANSITION, 0}, b, 0, 1});
    target.put(a + *fields.manager_state, std::uint64_t{2});
    target.put(b + *fields.manager_state, std::uint64_t{1});
    auto reading = channels.read();
    REQUIRE(reading);
    CHECK((*reading)[HOLTER_GO_GRPC_READY] == 1);
    CHECK((*reading)[HOLTER_GO_GRPC_CONNECTING] == 1);
    channels.on_transition({{HOLTER_EVENT_GO_GRPC_TRANSITION, 0}, b, 1, 4});
    target.put(a + *fields.manager_state, std::uint64_t{0xc000123456});
    reading = channels.read();
    CHECK((*reading)[HOLTER_GO_GRPC_READY] == 0);
    CHECK((*reading)[HOLTER_GO_GRPC_CONNECTING] == 0);
    CHECK(channels.corrections() == 1);
}
