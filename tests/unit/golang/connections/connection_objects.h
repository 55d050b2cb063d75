// SPDX-License-Identifier: Apache-2.0
//
// Servers and clients of net/http in the memory of a target, with the sockets that the kernel has
// of it.
#pragma once

#include "golang/connections/connection_memory.h"
#include "loader/golang/connections/kinds/http_clients.h"
#include "loader/golang/connections/kinds/http_servers.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace holter::test {

inline constexpr golang::MapFormat map_format = golang::MapFormat::groups;

inline golang::Offsets offsets_of(const char* module, const char* version) {
    return golang::Offsets::from_table(golang::OffsetTable::embedded(), module, version,
                                       elf::Machine::x86_64);
}
inline const golang::Offsets& go_offsets() {
    static const golang::Offsets offsets = offsets_of("std", "go1.26.0");
    return offsets;
}

inline holter_go_object object(std::uint32_t kind, std::uint64_t address, bool created = false,
                               std::uint64_t net_conn = 0) {
    return {{HOLTER_EVENT_GO_OBJECT, 0}, address, net_conn, kind, created};
}

/// Memory, and the kernel's list: number of a file -> inode of the socket behind it.
struct SocketsOfTarget {
    ConnectionMemory target;
    golang::TargetMemory memory = target.access();
    golang::DescriptorFields descriptor_fields{go_offsets()};
    golang::Descriptors descriptors{memory, descriptor_fields};
    std::map<std::uint64_t, std::uint64_t> inodes;
    golang::SocketOf socket_of = [this](std::uint64_t number) -> std::optional<std::uint64_t> {
        const auto found = inodes.find(number);
        return found == inodes.end() ? std::nullopt : std::optional(found->second);
    };

    std::uint64_t descriptor(std::uint64_t number) {
        const std::uint64_t address = target.allocate(256);
        target.put(address + *descriptor_fields.number, number);
        target.put(address + *descriptor_fields.family, std::uint64_t{2});
        target.put(address + *descriptor_fields.type, std::uint64_t{1});
        target.put(address + *descriptor_fields.remote + 8, 0xabcd0000 + number);
        return address;
    }
    /// A *net.TCPConn over a socket that the kernel has, or a *tls.Conn around one.
    std::uint64_t net_conn(std::uint64_t number) {
        inodes[number] = 1000 + number;
        const std::uint64_t address = target.allocate(16);
        target.put(address, descriptor(number));
        return address;
    }
    std::uint64_t wrapped(std::uint64_t inner) {
        const std::uint64_t address = target.allocate(64), table = target.allocate(256);
        target.put(address, table);
        target.put(address + 8, inner);
        return address;
    }
};

struct Server : SocketsOfTarget {
    golang::HttpServerFields fields{go_offsets()};
    golang::HttpServers servers{memory, map_format, fields, descriptors, socket_of};
    std::uint64_t server = target.allocate(512);

    std::uint64_t connection(std::uint8_t state, std::uint64_t its_net_conn = 0x5000) {
        const std::uint64_t conn = target.allocate(256);
        target.put(conn + *fields.server, server);
        target.put(conn + *fields.net_conn + 8, its_net_conn);
        target.put(conn + *fields.state, std::uint64_t{1700000000} << 8 | state);
        return conn;
    }
    void connections(const std::vector<std::uint64_t>& all) {
        target.put(server + *fields.server_connections, target.make_map(map_format, all));
    }
    golang::HttpServerReading read(bool check = false) {
        return servers.read(check).value_or(golang::HttpServerReading{});
    }
};

struct Client : SocketsOfTarget {
    golang::HttpClientFields fields{go_offsets()};
    golang::HttpClients clients{memory, map_format, fields, descriptors, socket_of};
    std::uint64_t transport = target.allocate(512);

    std::uint64_t connection(const std::string& address, std::uint64_t its_net_conn = 0) {
        const std::uint64_t conn = target.allocate(512), text = target.allocate(64);
        for (std::size_t i = 0; i < address.size(); ++i)
            target.put(text + i, address[i]);
        target.put(conn + *fields.transport, transport);
        target.put(conn + *fields.address, text);
        target.put(conn + *fields.address + 8, std::uint64_t{address.size()});
        target.put(conn + *fields.net_conn + 8, its_net_conn);
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
        target.put(transport + *fields.idle, target.make_map(map_format, all, 8));
    }
    /// All addresses together.
    golang::HttpClientReading read(bool check = false) {
        golang::HttpClientReading sum;
        for (const auto& reading :
             clients.read(check).value_or(std::vector<golang::HttpClientReading>{})) {
            sum.address = reading.address;
            sum.active += reading.active;
            sum.idle += reading.idle;
        }
        return sum;
    }
};

} // namespace holter::test
