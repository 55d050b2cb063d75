// SPDX-License-Identifier: Apache-2.0
#include "catch.h"
#include "golang/connections/connection_objects.h"
#include "loader/golang/connections/kinds/grpc_objects.h"

using namespace holter;
using namespace holter::golang;
using test::Client, test::object, test::Server;

TEST_CASE("a descriptor is found under a connection and under its wrappers") {
    test::SocketsOfTarget t;
    const std::uint64_t tcp = t.net_conn(7), tls = t.wrapped(tcp), own = t.wrapped(tls);
    std::uint64_t too_deep = own;
    for (int i = 0; i < 8; ++i)
        too_deep = t.wrapped(too_deep);
    const std::uint64_t nothing = t.target.allocate(16);
    const std::uint64_t itself = t.target.allocate(16);
    t.target.put(itself, itself);
    t.target.put(itself + 8, itself);
    const std::uint64_t pointer = t.target.allocate(16); // struct{ *net.TCPConn }
    t.target.put(pointer, tcp);
    const std::vector<std::uint64_t> visible = {tcp, tls, own, pointer, t.wrapped(pointer)};
    const std::vector<std::uint64_t> hidden = {too_deep, nothing, itself, 0, 0x77};
    std::vector<std::uint64_t> net_conns = visible;
    net_conns.insert(net_conns.end(), hidden.begin(), hidden.end());
    const auto found = t.descriptors.of(net_conns);
    REQUIRE(found.size() == net_conns.size());
    for (std::size_t i = 0; i < visible.size(); ++i) {
        REQUIRE(found[i]);
        CHECK(found[i]->number == 7);
    }
    for (std::size_t i = visible.size(); i < found.size(); ++i)
        CHECK_FALSE(found[i]);
}

TEST_CASE("what does not look like a descriptor is none") {
    test::SocketsOfTarget t;
    const std::uint64_t tcp = t.net_conn(7);
    const std::uint64_t descriptor = t.memory.value<std::uint64_t>(tcp).value_or(0);
    const auto& fields = t.descriptor_fields;
    const auto with = [&](FieldOffset field, std::uint64_t value) {
        const auto before = t.memory.value<std::uint64_t>(descriptor + *field).value_or(0);
        t.target.put(descriptor + *field, value);
        const bool found = t.descriptors.at(descriptor).has_value();
        t.target.put(descriptor + *field, before);
        return found;
    };
    REQUIRE(t.descriptors.at(descriptor));
    CHECK_FALSE(with(fields.state, 1));
    CHECK_FALSE(with(fields.number, ~std::uint64_t{0}));
    CHECK_FALSE(with(fields.family, 3));
    CHECK_FALSE(with(fields.type, 2));
    CHECK_FALSE(with(*fields.remote + 8, 0));
}

TEST_CASE("a server's connection without a socket is left out, and counted once") {
    Server s;
    s.servers.on_object(object(HOLTER_GO_HTTP_SERVER, s.server));
    const auto first = s.connection(2, s.net_conn(7)), second = s.connection(1, s.net_conn(8));
    const auto own_type = s.connection(1, s.target.allocate(16));
    s.connections({first, second, own_type});
    CHECK(s.read(true).active == 2);
    CHECK(s.servers.sockets().checks == 2); // one of them has no descriptor that we know
    s.inodes.erase(7);
    CHECK(s.read().idle == 1); // nobody looked
    CHECK(s.read(true).idle == 0);
    CHECK(s.servers.corrections() == 0); // it may be on its way out of the server's set
    CHECK(s.read().idle == 0);
    for (int i = 0; i < 3; ++i)
        CHECK(s.read(true).active == 2);
    CHECK(s.servers.corrections() == 1);
    CHECK(s.servers.sockets().mismatches == 1);
    s.connections({second, own_type});
    CHECK(s.read(true).active == 2);
    CHECK(s.servers.corrections() == 1);
}

TEST_CASE("a connection whose socket could not be seen at first counts as soon as it can") {
    Server s;
    s.servers.on_object(object(HOLTER_GO_HTTP_SERVER, s.server));
    s.connections({s.connection(2, s.net_conn(7))});
    const auto inode = s.inodes.at(7);
    s.inodes.erase(7); // the list of files could not be read
    CHECK(s.read(true).idle == 0);
    s.inodes[7] = inode;
    CHECK(s.read(true).idle == 1);
    CHECK(s.servers.sockets().mismatches == 0);
    s.inodes[7] = 4711; // from then on it is that one, and no other
    CHECK(s.read(true).idle == 0);
}

TEST_CASE("a number that has another socket by now is no socket of the connection") {
    Server s;
    s.servers.on_object(object(HOLTER_GO_HTTP_SERVER, s.server));
    const auto conn = s.connection(2, s.net_conn(7));
    s.connections({conn});
    CHECK(s.read(true).idle == 1);
    s.inodes[7] = 4711;
    CHECK(s.read(true).idle == 0);
    CHECK(s.read(true).idle == 0);
    CHECK(s.servers.corrections() == 1);
    // The object is another connection's now, over a descriptor of its own.
    s.target.put(conn + *s.fields.net_conn + 8, s.net_conn(9));
    CHECK(s.read(true).idle == 1);
    CHECK(s.servers.corrections() == 1);
}

TEST_CASE("a client's connection without a socket, though it is in the pool") {
    Client c;
    const auto conn = c.connection("stock:80", c.net_conn(5));
    c.dial(conn, "stock:80");
    c.idle({conn});
    CHECK(c.read(true).idle == 1);
    c.inodes.erase(5);
    CHECK(c.read(true).idle == 0);
    CHECK(c.read(true).idle == 0);
    CHECK(c.read().idle == 0); // the pool still has it, which does not make it a new one
    CHECK(c.clients.corrections() == 1);
    // The same memory serves another connection: it is asked about anew.
    c.close(conn);
    c.inodes[5] = 99;
    c.dial(conn, "stock:80");
    CHECK(c.read(true).idle == 1);
    CHECK(c.clients.corrections() == 1);
}

TEST_CASE("a gRPC server's connection without a socket") {
    test::SocketsOfTarget t;
    const GrpcFields fields(test::offsets_of("google.golang.org/grpc", "v1.64.1"));
    GrpcServers servers(t.memory, MapFormat::buckets, fields, t.descriptors, t.socket_of);
    const std::uint64_t server = t.target.allocate(1024);
    const auto transport = [&](std::uint64_t net_conn) {
        const std::uint64_t address = t.target.allocate(1024);
        t.target.put(address + *fields.server_net_conn + 8, net_conn);
        return address;
    };
    // Keys of 16 bytes: an interface, or a string. One bucket each.
    const auto map = [&](const std::vector<std::uint64_t>& keys, std::size_t value_size) {
        const std::uint64_t address = t.target.allocate(48);
        const std::uint64_t bucket = t.target.allocate(8 + 8 * 16 + 8 * value_size + 8);
        t.target.put(address, std::uint64_t{keys.size()});
        t.target.put(address + 16, bucket);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            t.target.put(bucket + i, std::uint8_t{0x80});
            t.target.put(bucket + 8 + 16 * i + 8, keys[i]);
        }
        return std::pair(address, bucket);
    };
    const auto [set, unused] = map({transport(t.net_conn(3)), transport(t.net_conn(4))}, 1);
    const auto [listeners, bucket] = map({0x1234}, 8);
    t.target.put(bucket + 8 + 8 * 16, set);
    t.target.put(server + *fields.server_connections, listeners);
    servers.on_object(object(HOLTER_GO_GRPC_SERVER, server));
    CHECK(servers.read(false) == 2);
    CHECK(servers.read(true) == 2);
    CHECK(servers.sockets().checks == 2);
    t.inodes.erase(4);
    CHECK(servers.read(true) == 1);
    CHECK(servers.read(false) == 1);
    CHECK(servers.read(true) == 1);
    CHECK(servers.corrections() == 1);
}
