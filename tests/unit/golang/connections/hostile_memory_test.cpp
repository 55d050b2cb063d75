// SPDX-License-Identifier: Apache-2.0
//
// Readers of connections against memory that was made to hurt them: objects that were freed and
// serve others, lists and maps that point to themselves, lengths without end, pages that cannot
// be read.
#include "catch.h"
#include "golang/connections/connection_objects.h"
#include "loader/golang/connections/kinds/grpc_objects.h"
#include "loader/golang/connections/kinds/sql_pools.h"

#include <functional>
#include <optional>

using namespace holter;
using namespace holter::golang;
using test::Client, test::ConnectionMemory, test::object, test::Server;

namespace {

/// Memory of which every word is what `word` makes of its address, and in which every read counts.
struct Everywhere {
    std::function<std::optional<std::uint64_t>(std::uint64_t address)> word;
    std::size_t bytes_read = 0;

    bool read(std::uint64_t address, std::span<std::byte> out) {
        bytes_read += out.size();
        for (std::size_t at = 0; at < out.size();) {
            const auto value = word((address + at) / 8 * 8);
            if (!value)
                return false;
            for (std::size_t in = (address + at) % 8; in < 8 && at < out.size(); ++in, ++at)
                out[at] = static_cast<std::byte>(*value >> in * 8);
        }
        return true;
    }
    TargetMemory access() {
        return {
            [this](std::uint64_t address, std::span<std::byte> out) { return read(address, out); },
            [this](std::span<MemoryRequest> requests) {
                for (auto& request : requests)
                    request.ok = read(request.address, request.out);
            }};
    }
};

/// splitmix64's: as good as random, and the same each time.
std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
}

/// All readers over one memory, told of an object of each kind.
void read_all(Everywhere& everywhere, MapFormat format, int minor) {
    const auto go = test::offsets_of("std", minor < 24 ? "go1.22.12" : "go1.26.0");
    const auto grpc = test::offsets_of("google.golang.org/grpc", "v1.64.1");
    const TargetMemory memory = everywhere.access();
    const Descriptors descriptors(memory, DescriptorFields(go));
    const SocketOf socket_of = [](std::uint64_t) { return std::nullopt; };
    HttpServers http_servers(memory, format, HttpServerFields(go), descriptors, socket_of);
    HttpClients http_clients(memory, format, HttpClientFields(go), descriptors, socket_of);
    SqlPools pools(memory, {minor, 0}, SqlFields(go));
    GrpcChannels channels(memory, GrpcFields(grpc));
    GrpcServers grpc_servers(memory, format, GrpcFields(grpc), descriptors, socket_of);
    constexpr std::uint64_t address = 0xc000010000;
    for (std::uint32_t kind = 0; kind < HOLTER_GO_OBJECT_KINDS; ++kind) {
        const auto event = object(kind, address, kind % 2 != 0, address);
        http_servers.on_object(event);
        http_clients.on_object(event);
        pools.on_object(event);
        channels.on_object(event);
        grpc_servers.on_object(event);
    }
    holter_go_http_dial dial{};
    dial.connection = dial.transport = address;
    dial.address.length = ~0u;
    http_clients.on_dial(dial);
    for (int i = 0; i < 3; ++i) {
        if (const auto now = http_servers.read(true)) {
            CHECK(now->fresh + now->active + now->idle <= max_map_entries);
            CHECK(now->hijacked <= 1);
        }
        if (const auto now = http_clients.read(true))
            for (const auto& one : *now) {
                CHECK(one.address.size() <= HOLTER_GO_TEXT);
                CHECK(one.active + one.idle <= HttpClients::max_connections);
            }
        if (const auto now = pools.read()) {
            CHECK(now->idle <= std::uint64_t{1} << 20);
            CHECK(now->used <= std::uint64_t{1} << 20);
        }
        if (const auto now = channels.read())
            for (const std::uint64_t count : *now)
                CHECK(count <= 1);
        if (const auto now = grpc_servers.read(true))
            CHECK(*now <= 256 * max_map_entries);
    }
}

constexpr std::pair<MapFormat, int> formats[] = {{MapFormat::buckets, 22}, {MapFormat::groups, 26}};
/// What three readings of all may read: the largest map takes some 25 MB.
constexpr std::size_t most_bytes = std::size_t{400} << 20;

} // namespace

TEST_CASE("memory of one value everywhere", "[hostile]") {
    for (const auto& [format, minor] : formats)
        for (const std::uint64_t value :
             {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{0xff},
              std::uint64_t{0x0101010101010101}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
            Everywhere everywhere{[&](std::uint64_t) { return value; }};
            INFO(value << " in Go 1." << minor);
            read_all(everywhere, format, minor);
            CHECK(everywhere.bytes_read < most_bytes);
        }
}

TEST_CASE("memory in which everything points to itself", "[hostile]") {
    for (const auto& [format, minor] : formats)
        for (const std::uint64_t back : {0u, 8u, 64u}) {
            Everywhere everywhere{[&](std::uint64_t address) { return address - back; }};
            INFO(back << " in Go 1." << minor);
            read_all(everywhere, format, minor);
            CHECK(everywhere.bytes_read < most_bytes);
        }
}

TEST_CASE("memory of small numbers and pointers, of which some cannot be read", "[hostile]") {
    for (unsigned seed = 0; seed < 24; ++seed) {
        Everywhere everywhere{[&](std::uint64_t address) -> std::optional<std::uint64_t> {
            std::uint64_t state = address / 8 * 16 + (std::uint64_t{seed} << 48);
            const auto random = [&] { return mixed(++state); };
            switch (random() % 8) {
            case 0:
                return seed % 4 == 0 ? std::nullopt : std::optional<std::uint64_t>(0);
            case 1:
            case 2:
                return random() % 64;
            case 3:
                return random();
            default:
                return 0xc000000000 + random() % 0x20000 / 8 * 8;
            }
        }};
        for (const auto& [format, minor] : formats)
            read_all(everywhere, format, minor);
        CHECK(everywhere.bytes_read < 2 * most_bytes);
    }
}

TEST_CASE("a map whose directory names the same table again and again is walked once",
          "[hostile]") {
    ConnectionMemory target;
    std::vector<std::uint64_t> keys;
    for (std::uint64_t i = 1; i <= 40; ++i)
        keys.push_back(i);
    const auto map = target.make_map(MapFormat::groups, keys);
    const auto directory = target.access().value<std::uint64_t>(map + 16).value_or(0);
    const auto table = target.access().value<std::uint64_t>(directory).value_or(0);
    constexpr std::uint64_t length = 1 << 16;
    const std::uint64_t large = target.allocate(length * 8);
    for (std::uint64_t i = 0; i < length; ++i)
        target.put(large + i * 8, table);
    target.put(map + 16, large);
    target.put(map + 24, length);
    std::size_t visited = 0;
    const auto walk = [&](WalkBudget budget) {
        visited = 0;
        return for_each_entry(
            target.access(), MapFormat::groups, map, {8, 0}, budget,
            [&](std::span<const std::byte>, std::span<const std::byte>) { ++visited; });
    };
    CHECK(walk({}) == 40);
    CHECK(visited == 40);
    walk({.entries = 7});
    CHECK(visited == 7);
    walk({.blocks = 2});
    CHECK(visited == 16);
    target.put(map + 24, length + 1);
    CHECK_FALSE(walk({}));
}

TEST_CASE("servers that have gone make room for new ones") {
    Server s;
    for (std::size_t i = 0; i < HttpServers::max_servers; ++i) // their memory reads as zeros
        s.servers.on_object(object(HOLTER_GO_HTTP_SERVER, s.target.allocate(512)));
    s.servers.read(false);
    s.connections({s.connection(2)});
    s.servers.on_object(object(HOLTER_GO_HTTP_SERVER, s.server));
    CHECK(s.read().idle == 1);
    for (std::size_t i = 0; i < 2 * HttpServers::max_servers; ++i) {
        s.servers.on_object(object(HOLTER_GO_HTTP_SERVER, s.target.allocate(512)));
        CHECK(s.read().idle == 1); // the one that is in use stays
    }
}

TEST_CASE("Transports that were made for one request make room for others") {
    Client c;
    for (std::size_t i = 0; i < HttpClients::max_transports; ++i)
        c.clients.on_object(object(HOLTER_GO_HTTP_TRANSPORT, c.target.allocate(512)));
    c.clients.read(false);
    const auto conn = c.connection("stock:80");
    c.dial(conn, "stock:80");
    c.idle({conn});
    CHECK(c.read().idle == 1);
    for (std::size_t i = 0; i < 2 * HttpClients::max_transports; ++i)
        c.clients.on_object(object(HOLTER_GO_HTTP_TRANSPORT, c.target.allocate(512)));
    CHECK(c.read().idle == 1);
}

TEST_CASE("the memory of an HTTP/2 connection serves another object") {
    Client c;
    c.clients.on_object(object(HOLTER_GO_HTTP_TRANSPORT, c.transport));
    const std::uint64_t http2 = c.target.allocate(1024);
    c.target.put(http2 + *c.fields.http2_net_conn + 8, std::uint64_t{0x7000});
    c.clients.on_object(object(HOLTER_GO_HTTP2_CLIENT_CONN, http2, true, 0x7000));
    CHECK(c.read().idle == 1);
    c.target.put(http2 + *c.fields.http2_net_conn + 8, std::uint64_t{0}); // not closed, no streams
    CHECK(c.read().idle == 0);

    Server s;
    s.servers.on_object(object(HOLTER_GO_HTTP_SERVER, s.server));
    const std::uint64_t part = s.target.allocate(512);
    s.target.put(part + *s.fields.http2_net_conn + 8, std::uint64_t{0x7000});
    s.servers.on_object(object(HOLTER_GO_HTTP2_SERVER_CONN, part, true, 0x7000));
    s.connections({s.connection(1, 0x7000)});
    CHECK(s.read().idle == 1);
    s.target.put(part + *s.fields.http2_net_conn + 8, std::uint64_t{0x8000});
    CHECK(s.read().active == 1);
}

TEST_CASE("the memory of a channel that nobody closed serves another object") {
    ConnectionMemory target;
    const GrpcFields fields(test::offsets_of("google.golang.org/grpc", "v1.64.1"));
    const TargetMemory memory = target.access();
    GrpcChannels channels(memory, fields);
    const std::uint64_t manager = target.allocate(64);
    target.put(manager + *fields.manager_channel, std::uint64_t{0xc000200000});
    channels.on_object(object(HOLTER_GO_GRPC_CHANNEL, manager));
    CHECK((*channels.read())[HOLTER_GO_GRPC_IDLE] == 1);
    target.put(manager + *fields.manager_channel, std::uint64_t{0xc000300000});
    CHECK((*channels.read())[HOLTER_GO_GRPC_IDLE] == 0);
    CHECK(channels.corrections() == 1);
    // A channel again: it tells so itself.
    channels.on_transition({{HOLTER_EVENT_GO_GRPC_TRANSITION, 0}, manager, 0, 1});
    CHECK((*channels.read())[HOLTER_GO_GRPC_IDLE] == 1);
    CHECK(channels.corrections() == 1);
}

TEST_CASE("waits of pools, and which of them are over") {
    for (const int minor : {22, 26}) {
        ConnectionMemory target;
        const auto go = test::offsets_of("std", minor == 22 ? "go1.22.12" : "go1.26.0");
        const SqlFields fields(go);
        const TargetMemory memory = target.access();
        SqlPools pools(memory, {minor, 0}, fields);
        const auto pool = [&](std::uint64_t waits) {
            const std::uint64_t db = target.allocate(512);
            target.put(db + *fields.connector + 8, std::uint64_t{0xc000010000});
            target.put(db + *fields.wait_count, waits);
            return db;
        };
        const std::uint64_t fresh = pool(10), old = pool(1000);
        if (minor == 22)
            target.put(fresh + *fields.waiting, target.make_map(MapFormat::buckets, {1, 2, 3}));
        else
            target.put(fresh + *fields.waiting + 8, std::uint64_t{3});
        pools.on_object(object(HOLTER_GO_SQL_DB, fresh, true));
        CHECK(pools.read()->waits == 7);
        CHECK(pools.read()->estranged == 0);
        pools.on_object(object(HOLTER_GO_SQL_DB, old));
        CHECK(pools.read()->waits == 7);
        CHECK(pools.read()->estranged == 1);
        target.put(old + *fields.wait_count, std::uint64_t{1004});
        CHECK(pools.read()->waits == 11);
        // Another pool in the memory of the first.
        target.put(fresh + *fields.connector + 8, std::uint64_t{0xc000020000});
        CHECK(pools.read()->estranged == 2);
        CHECK(pools.corrections() == 1);
        CHECK(pools.read()->waits == 11);
    }
}
