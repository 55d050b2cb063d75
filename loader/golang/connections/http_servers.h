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
#include "loader/golang/connections/fields.h"
#include "loader/golang/connections/go_map.h"
#include "loader/golang/connections/reading.h"

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>

namespace holter::golang {

class HttpServers {
  public:
    static constexpr std::size_t max_servers = 64;
    static constexpr std::size_t max_connections = std::size_t{1} << 16; ///< of each other kind

    HttpServers(const TargetMemory& memory, MapFormat format, const HttpServerFields& fields)
        : memory_(memory), format_(format), fields_(fields) {}

    void on_object(const holter_go_object& event);

    /// Empty as long as no server is known.
    std::optional<HttpServerReading> read();

    std::uint64_t corrections() const { return corrections_; }

  private:
    /// HTTP/2's part of a connection, by what the connection's net.Conn points to.
    struct Http2 {
        std::uint64_t address = 0;
        bool found = true; ///< among the connections of the last reading, or new since
    };
    /// Number of the file and the remote address of a network descriptor, which tell it from a
    /// successor in the same memory.
    using Identity = std::pair<std::uint64_t, std::uint64_t>;
    /// A network descriptor that a handler took away.
    struct Hijacked {
        std::uint64_t address = 0; ///< of the netFD
        Identity identity;
    };

    /// Finds the descriptor of a net.Conn.
    std::optional<Hijacked> look_up(std::uint64_t net_conn) const;
    bool add_connections(std::uint64_t server, std::vector<std::uint64_t>& connections) const;
    void count_states(const std::vector<std::uint64_t>& connections, HttpServerReading& out);
    void count_http2(const std::vector<std::uint64_t>& addresses, HttpServerReading& out) const;
    void count_hijacked(HttpServerReading& out);
    /// Of a descriptor; empty when it is closed, or is none.
    std::optional<Identity> open_identity(std::uint64_t descriptor) const;

    const TargetMemory& memory_;
    MapFormat format_;
    HttpServerFields fields_;
    std::map<std::uint64_t, int> servers_; ///< address, how often it could not be read
    std::unordered_map<std::uint64_t, Http2> http2_;
    /// By what the net.Conn points to; empty: not read yet.
    std::unordered_map<std::uint64_t, std::optional<Hijacked>> hijacked_;
    std::uint64_t corrections_ = 0;
};

} // namespace holter::golang
