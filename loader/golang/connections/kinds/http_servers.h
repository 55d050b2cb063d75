// SPDX-License-Identifier: Apache-2.0
//
// Connections of net/http's servers by state. A server keeps the set of its connections, and each
// connection its state; both are read at a scrape. So a server needs to be learned of only once,
// and what was connected before that is there as well.
//
// Two kinds of connections need more. HTTP/2 leaves the state at "active" for ever: how many
// streams are open is in its own part of the connection, which a probe tells of. A
// hijacked connection leaves the server's set: it counts until its descriptor is closed.
#pragma once

#include "bpf/events.h"
#include "loader/golang/connections/kinds/holders.h"
#include "loader/golang/connections/memory/fields.h"
#include "loader/golang/connections/memory/go_map.h"
#include "loader/golang/connections/reading.h"
#include "loader/golang/connections/sockets/socket_check.h"

#include <cstdint>
#include <optional>
#include <unordered_map>

namespace holter::golang {

class HttpServers {
  public:
    static constexpr std::size_t max_servers = 64;
    static constexpr std::size_t max_connections = std::size_t{1} << 16; ///< of each other kind

    HttpServers(const TargetMemory& memory, MapFormat format, const HttpServerFields& fields,
                const Descriptors& descriptors, const SocketOf& socket_of)
        : memory_(memory), format_(format), fields_(fields), descriptors_(descriptors),
          sockets_(descriptors, socket_of) {}

    void on_object(const holter_go_object& event);

    /// Empty as long as no server is known. `check`: against the kernel's list, too.
    std::optional<HttpServerReading> read(bool check);

    std::uint64_t corrections() const { return corrections_ + sockets_.counts().mismatches; }
    const SocketChecks& sockets() const { return sockets_.counts(); }

  private:
    /// HTTP/2's part of a connection, by what the connection's net.Conn points to.
    struct Http2 {
        std::uint64_t address = 0;
        bool found = true; ///< among the connections of the last reading, or new since
    };
    /// One that a server has in its set.
    struct Connection {
        std::uint64_t address = 0;
        std::uint64_t net_conn = 0;
        std::uint8_t state = 0;
    };

    bool add_connections(std::uint64_t server, WalkBudget& budget,
                         std::vector<std::uint64_t>& addresses) const;
    /// Those among them that are connections of a known server.
    std::vector<Connection> connections_at(const std::vector<std::uint64_t>& addresses);
    void check_sockets(const std::vector<Connection>& connections);
    void count_states(const std::vector<Connection>& connections, HttpServerReading& out);
    void count_http2(const std::vector<Connection>& connections, HttpServerReading& out);
    void look_at_hijacked();

    const TargetMemory& memory_;
    MapFormat format_;
    HttpServerFields fields_;
    const Descriptors& descriptors_;
    SocketCheck sockets_;
    Holders servers_{max_servers};
    std::unordered_map<std::uint64_t, Http2> http2_;
    /// By what the net.Conn points to; empty: not read yet.
    std::unordered_map<std::uint64_t, std::optional<NetDescriptor>> hijacked_;
    std::uint64_t corrections_ = 0;
};

} // namespace holter::golang
