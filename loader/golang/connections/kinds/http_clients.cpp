// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/kinds/http_clients.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace holter::golang {

namespace {

constexpr std::uint64_t longest_address = 4096;

std::string text_at(const TargetMemory& memory, std::uint64_t string) {
    std::array<std::byte, 16> header;
    if (!memory.read(string, header))
        return {};
    const auto length = elf::load<std::uint64_t>(header, 8);
    if (length > longest_address)
        return {};
    std::array<std::byte, HOLTER_GO_TEXT> bytes;
    const auto part = std::span(bytes).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(length, bytes.size())));
    if (!memory.read(elf::load<std::uint64_t>(header, 0), part))
        return {};
    return {reinterpret_cast<const char*>(part.data()), part.size()};
}

std::string text_of(const holter_go_text& text) {
    return {text.bytes, std::min<std::size_t>(text.length, sizeof(text.bytes))};
}

} // namespace

void HttpClients::on_object(const holter_go_object& event) {
    if (event.kind == HOLTER_GO_HTTP_TRANSPORT) {
        transports_.add(event.address);
        any_ = true;
    }
    if (event.kind == HOLTER_GO_HTTP2_CLIENT_CONN && http2_.size() < max_connections)
        http2_[event.address] = {event.net_conn, std::nullopt, 0};
}

void HttpClients::on_dial(const holter_go_http_dial& event) {
    transports_.add(event.transport);
    any_ = any_ || event.transport != 0;
    if (event.connection == 0 || connections_.size() >= max_connections)
        return;
    sockets_.forget(event.connection);
    connections_[event.connection] = {event.transport, text_of(event.address), event.http2 != 0,
                                      false};
}

void HttpClients::on_close(const holter_go_http_close& event) {
    sockets_.forget(event.connection);
    connections_.erase(event.connection);
}

std::optional<std::vector<HttpClientReading>> HttpClients::read(bool check) {
    if (!any_ || !all_known({fields_.idle, fields_.transport, fields_.alternative, fields_.address,
                             fields_.closed, fields_.net_conn}))
        return std::nullopt;
    Idle idle;
    WalkBudget budget;
    transports_.each([&](std::uint64_t transport) { return add_idle(transport, budget, idle); });
    std::vector<SocketCheck::Connection> open;
    look_at_connections(idle, open);
    look_at_http2(open);
    if (check)
        sockets_.check(open);
    ByAddress counts;
    count_http2(counts);
    count_connections(idle, counts);
    std::vector<HttpClientReading> out;
    for (auto& [address, reading] : counts) {
        out.push_back(std::move(reading));
        out.back().address = address;
    }
    return out;
}

void HttpClients::look_at_connections(const Idle& idle,
                                      std::vector<SocketCheck::Connection>& open) {
    std::vector<std::uint64_t> addresses;
    addresses.reserve(connections_.size());
    for (const auto& [address, connection] : connections_)
        addresses.push_back(address);
    const std::uint64_t net_conn_data = *fields_.net_conn + 8; // an interface
    const auto [first, last] = std::minmax({*fields_.transport, *fields_.closed, net_conn_data});
    const ObjectParts parts(memory_, addresses, first, static_cast<std::size_t>(last - first) + 8);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        Connection& connection = connections_.at(addresses[i]);
        const bool is_open =
            parts.has(i) &&
            parts.get<std::uint64_t>(i, *fields_.transport) == connection.transport &&
            parts.get<std::uint64_t>(i, *fields_.closed) == 0 &&
            (is_idle(idle, addresses[i], connection) || !connection.http2);
        if (!is_open && connection.doubtful) {
            // The entries for HTTP/2 go without a word.
            corrections_ += connection.http2 ? 0 : 1;
            connections_.erase(addresses[i]);
            continue;
        }
        connection.doubtful = !is_open;
        if (is_open)
            transports_.use(connection.transport);
        if (is_open && !connection.http2)
            open.push_back({addresses[i], parts.get<std::uint64_t>(i, net_conn_data)});
    }
}

void HttpClients::count_connections(const Idle& idle, ByAddress& out) const {
    for (const auto& [address, connection] : connections_) {
        if (connection.doubtful || sockets_.lacks(address) || (connection.http2 && !http2_.empty()))
            continue;
        HttpClientReading& counts = out[connection.address];
        ++(is_idle(idle, address, connection) ? counts.idle : counts.active);
    }
}

void HttpClients::look_at_http2(std::vector<SocketCheck::Connection>& open) {
    if (!all_known({fields_.http2_net_conn, fields_.http2_closed, fields_.http2_streams}))
        return;
    for (auto at = http2_.begin(); at != http2_.end();) {
        auto& [address, connection] = *at;
        const auto closed = memory_.value<std::uint8_t>(address + *fields_.http2_closed);
        const auto net_conn = memory_.value<std::uint64_t>(address + *fields_.http2_net_conn + 8);
        const auto map = memory_.value<std::uint64_t>(address + *fields_.http2_streams);
        const auto streams = map ? map_length(memory_, *map) : std::nullopt;
        // The net.Conn stays the same as long as it is the same connection.
        if (closed != std::uint8_t{0} || net_conn != connection.net_conn || !streams) {
            sockets_.forget(address);
            at = http2_.erase(at);
            continue;
        }
        if (!connection.server_name)
            connection.server_name = server_name(connection.net_conn);
        connection.streams = *streams;
        open.push_back({address, connection.net_conn});
        ++at;
    }
}

void HttpClients::count_http2(ByAddress& out) const {
    for (const auto& [address, connection] : http2_) {
        if (!connection.server_name || sockets_.lacks(address))
            continue;
        HttpClientReading& counts = out[*connection.server_name];
        ++(connection.streams != 0 ? counts.active : counts.idle);
    }
}

std::string HttpClients::server_name(std::uint64_t net_conn) const {
    if (net_conn == 0 || !all_known({fields_.tls_config, fields_.tls_server_name}))
        return {};
    const auto config = memory_.value<std::uint64_t>(net_conn + *fields_.tls_config);
    return config ? text_at(memory_, *config + *fields_.tls_server_name) : std::string();
}

bool HttpClients::is_idle(const Idle& idle, std::uint64_t address, const Connection& connection) {
    const auto of_transport = idle.find(connection.transport);
    return of_transport != idle.end() && of_transport->second.count(address) != 0;
}

bool HttpClients::add_idle(std::uint64_t transport, WalkBudget& budget, Idle& idle) {
    const auto map = memory_.value<std::uint64_t>(transport + *fields_.idle);
    auto& of_transport = idle[transport];
    const bool readable =
        map && for_each_entry(memory_, format_, *map, {8, 8}, budget,
                              [&](std::span<const std::byte> key, std::span<const std::byte>) {
                                  of_transport.insert(elf::load<std::uint64_t>(key, 0));
                              });
    add_unknown(of_transport, transport);
    return readable;
}

void HttpClients::add_unknown(const std::unordered_set<std::uint64_t>& idle,
                              std::uint64_t transport) {
    for (const std::uint64_t address : idle) {
        if (address == 0 || connections_.size() >= max_connections || connections_.count(address))
            continue;
        const auto owner = memory_.value<std::uint64_t>(address + *fields_.transport);
        const auto closed = memory_.value<std::uint64_t>(address + *fields_.closed);
        const auto alternative = memory_.value<std::uint64_t>(address + *fields_.alternative);
        if (owner != transport || closed != std::uint64_t{0} || !alternative)
            continue;
        connections_[address] = {transport, text_at(memory_, address + *fields_.address),
                                 *alternative != 0, false};
    }
}

} // namespace holter::golang
