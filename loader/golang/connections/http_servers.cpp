// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/http_servers.h"

#include <iterator>
#include <vector>

namespace holter::golang {

namespace {

/// net/http.ConnState, the low byte of conn.curState; the rest is the time of the change.
enum ConnState : std::uint8_t { state_new, state_active, state_idle, state_hijacked, state_closed };

/// Of readings in a row that fail before a server is forgotten.
constexpr int patience = 3;
constexpr std::uint64_t descriptor_closed = 1; ///< bit of internal/poll.fdMutex.state
constexpr std::uint64_t largest_descriptor = std::uint64_t{1} << 24;

} // namespace

void HttpServers::on_object(const holter_go_object& event) {
    switch (event.kind) {
    case HOLTER_GO_HTTP_SERVER:
        if (servers_.size() < max_servers)
            servers_[event.address] = 0;
        break;
    case HOLTER_GO_HTTP2_SERVER_CONN:
        if (event.net_conn != 0 && http2_.size() < max_connections)
            http2_[event.net_conn] = {event.address, true};
        break;
    case HOLTER_GO_HTTP_HIJACKED:
        if (event.net_conn != 0 && hijacked_.size() < max_connections)
            hijacked_[event.net_conn].reset();
        break;
    default:
        break;
    }
}

std::optional<HttpServers::Hijacked> HttpServers::look_up(std::uint64_t net_conn) const {
    // *net.TCPConn and *net.UnixConn begin with the pointer to their descriptor; *tls.Conn begins
    // with the net.Conn it wraps, an interface.
    const auto first = memory_.value<std::uint64_t>(net_conn);
    if (const auto identity = first ? open_identity(*first) : std::nullopt)
        return Hijacked{*first, *identity};
    const auto wrapped = memory_.value<std::uint64_t>(net_conn + 8);
    const auto inner = wrapped ? memory_.value<std::uint64_t>(*wrapped) : std::nullopt;
    if (const auto identity = inner ? open_identity(*inner) : std::nullopt)
        return Hijacked{*inner, *identity};
    return std::nullopt;
}

std::optional<HttpServers::Identity> HttpServers::open_identity(std::uint64_t descriptor) const {
    if (!all_known({fields_.descriptor_state, fields_.descriptor, fields_.remote}))
        return std::nullopt;
    const auto state = memory_.value<std::uint64_t>(descriptor + *fields_.descriptor_state);
    const auto number = memory_.value<std::uint64_t>(descriptor + *fields_.descriptor);
    const auto remote = memory_.value<std::uint64_t>(descriptor + *fields_.remote + 8);
    if (!state || !number || !remote || (*state & descriptor_closed) != 0 ||
        *number > largest_descriptor || *remote == 0)
        return std::nullopt;
    return Identity{*number, *remote};
}

std::optional<HttpServerReading> HttpServers::read() {
    if (servers_.empty() ||
        !all_known({fields_.server_connections, fields_.server, fields_.net_conn, fields_.state}))
        return std::nullopt;
    std::vector<std::uint64_t> connections;
    for (auto at = servers_.begin(); at != servers_.end();) {
        auto& [server, failures] = *at;
        failures = add_connections(server, connections) ? 0 : failures + 1;
        if (failures < patience) {
            ++at;
        } else {
            ++corrections_;
            at = servers_.erase(at);
        }
    }
    HttpServerReading out;
    count_states(connections, out);
    count_hijacked(out);
    return out;
}

bool HttpServers::add_connections(std::uint64_t server,
                                  std::vector<std::uint64_t>& connections) const {
    const auto map = memory_.value<std::uint64_t>(server + *fields_.server_connections);
    return map && for_each_entry(memory_, format_, *map, {8, 0},
                                 [&](std::span<const std::byte> key, std::span<const std::byte>) {
                                     const auto conn = elf::load<std::uint64_t>(key, 0);
                                     if (conn != 0)
                                         connections.push_back(conn);
                                 });
}

void HttpServers::count_states(const std::vector<std::uint64_t>& connections,
                               HttpServerReading& out) {
    const std::uint64_t net_conn_data = *fields_.net_conn + 8;
    const auto first = std::min({*fields_.server, net_conn_data, *fields_.state});
    const auto last = std::max({*fields_.server, net_conn_data, *fields_.state});
    const ObjectParts parts(memory_, connections, first,
                            static_cast<std::size_t>(last - first) + 8);
    for (auto& [conn, http2] : http2_)
        http2.found = false;
    std::vector<std::uint64_t> http2_addresses;
    for (std::size_t i = 0; i < connections.size(); ++i) {
        if (!parts.has(i) || !servers_.count(parts.get<std::uint64_t>(i, *fields_.server)))
            continue;
        const auto http2 = http2_.find(parts.get<std::uint64_t>(i, net_conn_data));
        switch (static_cast<std::uint8_t>(parts.get<std::uint64_t>(i, *fields_.state))) {
        case state_new:
            ++out.fresh;
            break;
        case state_active:
            if (http2 == http2_.end() || !fields_.http2_streams) {
                ++out.active;
            } else {
                http2->second.found = true;
                http2_addresses.push_back(http2->second.address);
            }
            break;
        case state_idle:
            ++out.idle;
            break;
        default: // between two sets: it counts as hijacked, or not any more
            break;
        }
    }
    if (!http2_addresses.empty())
        count_http2(http2_addresses, out);
    std::erase_if(http2_, [](const auto& entry) { return !entry.second.found; });
}

void HttpServers::count_http2(const std::vector<std::uint64_t>& addresses,
                              HttpServerReading& out) const {
    const ObjectParts parts(memory_, addresses, *fields_.http2_streams, 4);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const bool in_use =
            !parts.has(i) || parts.get<std::uint32_t>(i, *fields_.http2_streams) != 0;
        ++(in_use ? out.active : out.idle);
    }
}

void HttpServers::count_hijacked(HttpServerReading& out) {
    for (auto at = hijacked_.begin(); at != hijacked_.end();) {
        auto& [net_conn, known] = *at;
        if (!known)
            known = look_up(net_conn);
        const bool open = known && open_identity(known->address) == known->identity;
        at = open ? std::next(at) : hijacked_.erase(at);
    }
    out.hijacked = hijacked_.size();
}

} // namespace holter::golang
