// SPDX-License-Identifier: Apache-2.0
//
// Connections of net/http's clients by address and state. Probes tell of each connection when it
// is there and when it is closed; a Transport keeps those that are idle in a map. So what is
// open and not in the map is in use. Idle ones that nobody told of were there before us, and
// are taken from the map.
//
// HTTP/2's connections are objects of their own, with their open streams; the pool only has an
// entry that stands for any of them. They are told of as well, and named by the server's name in
// their TLS configuration. Where none is known, the pool's entries are what there is.
//
// Each connection is looked at in every reading: one that is closed, or is no connection of
// its Transport any more, was closed unseen. It is left out at once, and forgotten if the
// event does not come until the next reading. One whose socket the kernel does not know any more is
// left out until it is closed.
#pragma once

#include "bpf/events.h"
#include "loader/golang/connections/kinds/holders.h"
#include "loader/golang/connections/memory/fields.h"
#include "loader/golang/connections/memory/go_map.h"
#include "loader/golang/connections/reading.h"
#include "loader/golang/connections/sockets/socket_check.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace holter::golang {

class HttpClients {
  public:
    static constexpr std::size_t max_transports = 256;
    static constexpr std::size_t max_connections = std::size_t{1} << 16;

    HttpClients(const TargetMemory& memory, MapFormat format, const HttpClientFields& fields,
                const Descriptors& descriptors, const SocketOf& socket_of)
        : memory_(memory), format_(format), fields_(fields), sockets_(descriptors, socket_of) {}

    void on_object(const holter_go_object& event);
    void on_dial(const holter_go_http_dial& event);
    void on_close(const holter_go_http_close& event);

    /// In order of address; empty as long as no Transport has been known. `check`: against the
    /// kernel's list, too.
    std::optional<std::vector<HttpClientReading>> read(bool check);

    std::uint64_t corrections() const { return corrections_ + sockets_.counts().mismatches; }
    const SocketChecks& sockets() const { return sockets_.counts(); }

  private:
    struct Connection {
        std::uint64_t transport = 0;
        std::string address;
        bool http2 = false;    ///< no connection, but the pool's entry for some
        bool doubtful = false; ///< it did not look open in the last reading
    };
    struct Http2 {
        std::uint64_t net_conn = 0;
        std::optional<std::string> server_name; ///< empty: not read yet
        std::uint64_t streams = 0;              ///< open in the last reading
    };
    /// Connections by Transport: memory that was a pool's may name connections of others.
    using Idle = std::unordered_map<std::uint64_t, std::unordered_set<std::uint64_t>>;
    using ByAddress = std::map<std::string, HttpClientReading>;

    bool add_idle(std::uint64_t transport, WalkBudget& budget, Idle& idle);
    void add_unknown(const std::unordered_set<std::uint64_t>& idle, std::uint64_t transport);
    static bool is_idle(const Idle& idle, std::uint64_t address, const Connection& connection);
    void look_at_connections(const Idle& idle, std::vector<SocketCheck::Connection>& open);
    void look_at_http2(std::vector<SocketCheck::Connection>& open);
    void count_connections(const Idle& idle, ByAddress& out) const;
    void count_http2(ByAddress& out) const;
    std::string server_name(std::uint64_t net_conn) const;

    const TargetMemory& memory_;
    MapFormat format_;
    HttpClientFields fields_;
    SocketCheck sockets_;
    Holders transports_{max_transports};
    bool any_ = false; ///< a Transport has been known
    std::unordered_map<std::uint64_t, Connection> connections_;
    std::unordered_map<std::uint64_t, Http2> http2_; ///< by HTTP/2's ClientConn
    std::uint64_t corrections_ = 0;
};

} // namespace holter::golang
