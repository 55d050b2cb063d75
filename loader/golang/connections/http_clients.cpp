// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/http_clients.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace holter::golang {

namespace {

/// Of readings in a row that fail before a Transport is forgotten.
constexpr int patience = 3;
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

void HttpClients::add_transport(std::uint64_t address) {
    if (address != 0 && (transports_.size() < max_transports || transports_.count(address)))
        transports_[address] = 0;
}

void HttpClients::on_object(const holter_go_object& event) {
    if (event.kind == HOLTER_GO_HTTP_TRANSPORT)
        add_transport(event.address);
    else if (event.kind == HOLTER_GO_HTTP2_CLIENT_CONN && http2_.size() < max_connections)
        http2_[event.address] = {event.net_conn, std::nullopt};
}

void HttpClients::on_dial(const holter_go_http_dial& event) {
    add_transport(event.transport);
    if (event.connection != 0 && connections_.size() < max_connections)
        connections_[event.connection] = {event.transport, text_of(event.address), event.http2 != 0,
                                          false};
}

void HttpClients::on_close(const holter_go_http_close& event) {
    connections_.erase(event.connection);
}

std::optional<std::vector<HttpClientReading>> HttpClients::read() {
    if (transports_.empty() || !all_known({fields_.idle, fields_.transport, fields_.alternative,
                                           fields_.address, fields_.closed}))
        return std::nullopt;
    Idle idle;
    for (auto at = transports_.begin(); at != transports_.end();) {
        add_idle(at->first, idle);
        at = at->second < patience ? std::next(at) : transports_.erase(at);
    }
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

void HttpClients::count_connections(const Idle& idle, ByAddress& out) {
    std::vector<std::uint64_t> addresses;
    addresses.reserve(connections_.size());
    for (const auto& [address, connection] : connections_)
        addresses.push_back(address);
    const auto [first, last] = std::minmax(*fields_.transport, *fields_.closed);
    const ObjectParts parts(memory_, addresses, first, static_cast<std::size_t>(last - first) + 8);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        Connection& connection = connections_.at(addresses[i]);
        const bool is_idle = idle.count(addresses[i]) != 0;
        const bool open = parts.has(i) &&
                          parts.get<std::uint64_t>(i, *fields_.transport) == connection.transport &&
                          parts.get<std::uint64_t>(i, *fields_.closed) == 0 &&
                          (is_idle || !connection.http2);
        if (!open && connection.doubtful) {
            // The entries for HTTP/2 go without a word.
            corrections_ += connection.http2 ? 0 : 1;
            connections_.erase(addresses[i]);
            continue;
        }
        connection.doubtful = !open;
        if (open && (!connection.http2 || http2_.empty())) {
            HttpClientReading& counts = out[connection.address];
            ++(is_idle ? counts.idle : counts.active);
        }
    }
}

void HttpClients::count_http2(ByAddress& out) {
    if (!all_known({fields_.http2_closed, fields_.http2_streams}))
        return;
    for (auto at = http2_.begin(); at != http2_.end();) {
        auto& [address, connection] = *at;
        const auto closed = memory_.value<std::uint8_t>(address + *fields_.http2_closed);
        const auto streams = memory_.value<std::uint64_t>(address + *fields_.http2_streams);
        const auto length = streams ? map_length(memory_, *streams) : std::nullopt;
        if (closed != std::uint8_t{0} || !length) {
            at = http2_.erase(at);
            continue;
        }
        if (!connection.server_name)
            connection.server_name = server_name(connection.net_conn);
        HttpClientReading& counts = out[*connection.server_name];
        ++(*length != 0 ? counts.active : counts.idle);
        ++at;
    }
}

std::string HttpClients::server_name(std::uint64_t net_conn) const {
    if (net_conn == 0 || !all_known({fields_.tls_config, fields_.tls_server_name}))
        return {};
    const auto config = memory_.value<std::uint64_t>(net_conn + *fields_.tls_config);
    return config ? text_at(memory_, *config + *fields_.tls_server_name) : std::string();
}

void HttpClients::add_idle(std::uint64_t transport, Idle& idle) {
    int& failures = transports_.at(transport);
    Idle of_transport;
    const auto map = memory_.value<std::uint64_t>(transport + *fields_.idle);
    const bool readable =
        map && for_each_entry(memory_, format_, *map, {8, 8},
                              [&](std::span<const std::byte> key, std::span<const std::byte>) {
                                  of_transport.insert(elf::load<std::uint64_t>(key, 0));
                              });
    failures = readable ? 0 : failures + 1;
    add_unknown(of_transport, transport);
    idle.merge(of_transport);
}

void HttpClients::add_unknown(const Idle& idle, std::uint64_t transport) {
    for (const std::uint64_t address : idle) {
        if (address == 0 || connections_.size() >= max_connections || connections_.count(address))
            continue;
        const auto owner = memory_.value<std::uint64_t>(address + *fields_.transport);
        const auto alternative = memory_.value<std::uint64_t>(address + *fields_.alternative);
        if (owner != transport || !alternative)
            continue;
        connections_[address] = {transport, text_at(memory_, address + *fields_.address),
                                 *alternative != 0, false};
    }
}

} // namespace holter::golang
