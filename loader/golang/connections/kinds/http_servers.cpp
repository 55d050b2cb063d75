// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/kinds/http_servers.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace holter::golang {

namespace {

/// net/http.ConnState, the low byte of conn.curState; the rest is the time of the change.
enum ConnState : std::uint8_t { state_new, state_active, state_idle, state_hijacked, state_closed };

} // namespace

void HttpServers::on_object(const holter_go_object& event) {
    switch (event.kind) {
    case HOLTER_GO_HTTP_SERVER:
        servers_.add(event.address);
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

std::optional<HttpServerReading> HttpServers::read(bool check) {
    if (servers_.empty() ||
        !all_known({fields_.server_connections, fields_.server, fields_.net_conn, fields_.state}))
        return std::nullopt;
    std::vector<std::uint64_t> addresses;
    WalkBudget budget;
    corrections_ += servers_.each(
        [&](std::uint64_t server) { return add_connections(server, budget, addresses); });
    auto connections = connections_at(addresses);
    look_at_hijacked();
    if (check)
        check_sockets(connections);
    std::erase_if(connections, [&](const Connection& one) { return sockets_.lacks(one.address); });
    HttpServerReading out;
    count_states(connections, out);
    for (const auto& [net_conn, descriptor] : hijacked_)
        if (!sockets_.lacks(net_conn))
            ++out.hijacked;
    return out;
}

bool HttpServers::add_connections(std::uint64_t server, WalkBudget& budget,
                                  std::vector<std::uint64_t>& addresses) const {
    const auto map = memory_.value<std::uint64_t>(server + *fields_.server_connections);
    return map && for_each_entry(memory_, format_, *map, {8, 0}, budget,
                                 [&](std::span<const std::byte> key, std::span<const std::byte>) {
                                     const auto conn = elf::load<std::uint64_t>(key, 0);
                                     if (conn != 0)
                                         addresses.push_back(conn);
                                 });
}

std::vector<HttpServers::Connection>
HttpServers::connections_at(const std::vector<std::uint64_t>& addresses) {
    const std::uint64_t net_conn_data = *fields_.net_conn + 8; // an interface
    const auto [first, last] = std::minmax({*fields_.server, net_conn_data, *fields_.state});
    const ObjectParts parts(memory_, addresses, first, static_cast<std::size_t>(last - first) + 8);
    std::vector<Connection> out;
    out.reserve(addresses.size());
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const auto server = parts.has(i) ? parts.get<std::uint64_t>(i, *fields_.server) : 0;
        if (!servers_.has(server))
            continue;
        servers_.use(server);
        out.push_back({addresses[i], parts.get<std::uint64_t>(i, net_conn_data),
                       static_cast<std::uint8_t>(parts.get<std::uint64_t>(i, *fields_.state))});
    }
    return out;
}

void HttpServers::check_sockets(const std::vector<Connection>& connections) {
    std::vector<SocketCheck::Connection> open;
    open.reserve(connections.size() + hijacked_.size());
    for (const Connection& connection : connections)
        if (connection.state <= state_idle)
            open.push_back({connection.address, connection.net_conn});
    for (const auto& [net_conn, descriptor] : hijacked_)
        open.push_back({net_conn, net_conn});
    sockets_.check(open);
}

void HttpServers::count_states(const std::vector<Connection>& connections, HttpServerReading& out) {
    for (auto& [net_conn, http2] : http2_)
        http2.found = false;
    std::vector<Connection> http2_connections;
    for (const Connection& connection : connections) {
        const auto http2 = http2_.find(connection.net_conn);
        switch (connection.state) {
        case state_new:
            ++out.fresh;
            break;
        case state_active:
            if (http2 == http2_.end() ||
                !all_known({fields_.http2_net_conn, fields_.http2_streams})) {
                ++out.active;
            } else {
                http2->second.found = true;
                http2_connections.push_back(connection);
            }
            break;
        case state_idle:
            ++out.idle;
            break;
        default: // between two sets: it counts as hijacked, or not any more
            break;
        }
    }
    if (!http2_connections.empty())
        count_http2(http2_connections, out);
    std::erase_if(http2_, [](const auto& entry) { return !entry.second.found; });
}

void HttpServers::count_http2(const std::vector<Connection>& connections, HttpServerReading& out) {
    std::vector<std::uint64_t> addresses;
    addresses.reserve(connections.size());
    for (const Connection& connection : connections)
        addresses.push_back(http2_.at(connection.net_conn).address);
    const std::uint64_t net_conn_data = *fields_.http2_net_conn + 8;
    const auto [first, last] = std::minmax(net_conn_data, *fields_.http2_streams);
    const ObjectParts parts(memory_, addresses, first, static_cast<std::size_t>(last - first) + 8);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const bool its_own =
            parts.has(i) && parts.get<std::uint64_t>(i, net_conn_data) == connections[i].net_conn;
        if (!its_own) // the net.Conn of an older one: what is there now speaks HTTP/1
            http2_.at(connections[i].net_conn).found = false;
        const bool idle = its_own && parts.get<std::uint32_t>(i, *fields_.http2_streams) == 0;
        ++(idle ? out.idle : out.active);
    }
}

void HttpServers::look_at_hijacked() {
    std::vector<std::uint64_t> fresh;
    for (const auto& [net_conn, descriptor] : hijacked_)
        if (!descriptor)
            fresh.push_back(net_conn);
    const auto found = descriptors_.of(fresh);
    for (std::size_t i = 0; i < fresh.size(); ++i)
        hijacked_.at(fresh[i]) = found[i];
    std::erase_if(hijacked_, [&](const auto& entry) {
        const auto& descriptor = entry.second;
        return !descriptor || descriptors_.at(descriptor->address) != descriptor;
    });
}

} // namespace holter::golang
