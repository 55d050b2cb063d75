// SPDX-License-Identifier: Apache-2.0
#include "catch.h"
#include "golang/connection_memory.h"
#include "loader/golang/connections/grpc_objects.h"
#include "loader/golang/connections/http_clients.h"
#include "loader/golang/connections/http_servers.h"
#include "loader/golang/connections/sql_pools.h"

using namespace holter;
using namespace holter::golang;
using test::ConnectionMemory;

namespace {

const MapFormat format = MapFormat::groups;

Offsets offsets_of(const char* module, const char* version) {
    return Offsets::from_table(OffsetTable::embedded(), module, version, elf::Machine::x86_64);
}
const Offsets& go() {
    static const Offsets offsets = offsets_of("std", "go1.26.0");
    return offsets;
}

holter_go_object object(std::uint32_t kind, std::uint64_t address, bool created = false,
                        std::uint64_t net_conn = 0) {
    return {{HOLTER_EVENT_GO_OBJECT, 0}, address, net_conn, kind, created};
}

/// A server with connections.
struct Server {
    ConnectionMemory target;
    HttpServerFields fields{go()};
    TargetMemory memory = target.access();
    HttpServers servers{memory, format, fields};
    std::uint64_t server = target.allocate(512);

    std::uint64_t connection(std::uint8_t state, std::uint64_t net_conn = 0x5000) {
        const std::uint64_t conn = target.allocate(256);
        target.put(conn + *fields.server, server);
        target.put(conn + *fields.net_conn + 8, net_conn);
        target.put(conn + *fields.state, std::uint64_t{1700000000} << 8 | state);
        return conn;
    }
    void connections(const std::vector<std::uint64_t>& all) {
        target.put(server + *fields.server_connections, target.make_map(format, all));
    }
};

} // namespace

TEST_CASE("a server's connections are read, whoever was there before") {
    Server s;
    s.connections({s.connection(0), s.connection(1), s.connection(1), s.connection(2)});
    CHECK_FALSE(s.servers.read());
    s.servers.on_object(object(HOLTER_GO_HTTP_SERVER, s.server));
    const auto reading = s.servers.read();
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
    const auto reading = s.servers.read();
    REQUIRE(reading);
    CHECK(reading->active == 0);
    CHECK(reading->idle == 1);
}

TEST_CASE("HTTP/2 is active while a stream is open") {
    Server s;
    s.servers.on_object(object(HOLTER_GO_HTTP_SERVER, s.server));
    s.connections({s.connection(1, 0x7000)});
    const std::uint64_t http2 = s.target.allocate(512);
    s.servers.on_object(object(HOLTER_GO_HTTP2_SERVER_CONN, http2, true, 0x7000));
    CHECK(s.servers.read()->idle == 1);
    s.target.put(http2 + *s.fields.http2_streams, std::uint32_t{2});
    CHECK(s.servers.read()->active == 1);
    // The connection ends and its memory goes to somebody else: no trace is left.
    s.connections({});
    CHECK(s.servers.read()->active == 0);
    s.connections({s.connection(1, 0x7000)});
    s.target.put(http2 + *s.fields.http2_streams, std::uint32_t{0});
    CHECK(s.servers.read()->active == 1);
}

TEST_CASE("a hijacked connection counts until its descriptor is closed") {
    Server s;
    s.connections({});
    s.servers.on_object(object(HOLTER_GO_HTTP_SERVER, s.server));
    const std::uint64_t descriptor = s.target.allocate(256), tcp = s.target.allocate(16);
    s.target.put(tcp, descriptor);
    s.target.put(descriptor + *s.fields.descriptor, std::uint64_t{7});
    s.target.put(descriptor + *s.fields.remote + 8, std::uint64_t{0xabcd});
    const std::uint64_t tls = s.target.allocate(64);
    s.target.put(tls, std::uint64_t{0x400000});
    s.target.put(tls + 8, tcp);
    for (const std::uint64_t net_conn : {tcp, tls}) {
        s.target.put(descriptor + *s.fields.descriptor_state, std::uint64_t{0});
        s.servers.on_object(object(HOLTER_GO_HTTP_HIJACKED, 0x1, true, net_conn));
        CHECK(s.servers.read()->hijacked == 1);
        s.target.put(descriptor + *s.fields.descriptor_state, std::uint64_t{1});
        CHECK(s.servers.read()->hijacked == 0);
    }
    // Another connection in the same memory.
    s.target.put(descriptor + *s.fields.descriptor_state, std::uint64_t{0});
    s.servers.on_object(object(HOLTER_GO_HTTP_HIJACKED, 0x1, true, tcp));
    CHECK(s.servers.read()->hijacked == 1);
    s.target.put(descriptor + *s.fields.descriptor, std::uint64_t{8});
    CHECK(s.servers.read()->hijacked == 0);
}

namespace {

struct Client {
    ConnectionMemory target;
    HttpClientFields fields{go()};
    TargetMemory memory = target.access();
    HttpClients clients{memory, format, fields};
    std::uint64_t transport = target.allocate(512);

    std::uint64_t connection(const std::string& address) {
        const std::uint64_t conn = target.allocate(512), text = target.allocate(64);
        for (std::size_t i = 0; i < address.size(); ++i)
            target.put(text + i, address[i]);
        target.put(conn + *fields.transport, transport);
        target.put(conn + *fields.address, text);
        target.put(conn + *fields.address + 8, std::uint64_t{address.size()});
        return conn;
    }
    void dial(std::uint64_t conn, const std::string& address) {
        holter_go_http_dial event{};
        event.connection = conn;
        event.transport = transport;
        event.address.length = static_cast<std::uint32_t>(address.size());
        std::copy(address.begin(), address.end(), event.address.bytes);
        clients.on_dial(event);
    }
    void close(std::uint64_t conn) {
        holter_go_http_close event{};
        event.connection = conn;
        clients.on_close(event);
    }
    void idle(const std::vector<std::uint64_t>& all) {
        target.put(transport + *fields.idle, target.make_map(format, all, 8));
    }
};

} // namespace

TEST_CASE("what is open and not in the pool is in use") {
    Client c;
    const auto a = c.connection("stock:80"), b = c.connection("stock:80");
    CHECK_FALSE(c.clients.read());
    c.dial(a, "stock:80");
    c.dial(b, "stock:80");
    c.idle({a});
    auto reading = c.clients.read();
    REQUIRE(reading);
    REQUIRE(reading->size() == 1);
    CHECK(reading->front().address == "stock:80");
    CHECK(reading->front().active == 1);
    CHECK(reading->front().idle == 1);
    c.close(b);
    reading = c.clients.read();
    CHECK(reading->front().active == 0);
    CHECK(c.clients.corrections() == 0);
}

TEST_CASE("idle connections from before us are found in the pool") {
    Client c;
    c.clients.on_object(object(HOLTER_GO_HTTP_TRANSPORT, c.transport));
    const auto old = c.connection("stock:80"), other = c.connection("price:443");
    c.idle({old, other});
    auto reading = c.clients.read();
    REQUIRE(reading->size() == 2);
    CHECK(reading->at(0).address == "price:443");
    CHECK(reading->at(1).idle == 1);
    c.idle({other}); // taken out: it is in use now
    reading = c.clients.read();
    CHECK(reading->at(1).active == 1);
}

TEST_CASE("a connection whose end was not seen is corrected") {
    Client c;
    const auto conn = c.connection("stock:80");
    c.dial(conn, "stock:80");
    c.idle({});
    CHECK(c.clients.read()->size() == 1);
    c.target.put(conn + *c.fields.closed, std::uint64_t{0x4000});
    CHECK(c.clients.read()->empty()); // its event may be on the way
    CHECK(c.clients.corrections() == 0);
    CHECK(c.clients.read()->empty());
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
    c.target.put(http2 + *c.fields.http2_streams, c.target.make_map(format, {1, 3}));
    c.clients.on_object(object(HOLTER_GO_HTTP2_CLIENT_CONN, http2, true, tls));
    auto reading = c.clients.read();
    REQUIRE(reading->size() == 1);
    CHECK(reading->front().address == "stock");
    CHECK(reading->front().active == 1);
    c.target.put(http2 + *c.fields.http2_closed, std::uint8_t{1});
    CHECK(c.clients.read()->empty());
}

TEST_CASE("a database pool's own account") {
    ConnectionMemory target;
    const SqlFields fields(go());
    const TargetMemory memory = target.access();
    SqlPools pools(memory, fields);
    const std::uint64_t db = target.allocate(512);
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
