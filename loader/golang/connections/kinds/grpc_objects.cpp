// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/kinds/grpc_objects.h"

#include <algorithm>
#include <unordered_set>

namespace holter::golang {

namespace {

/// A server has one set of connections for each of its listeners.
constexpr std::size_t most_listeners = 256;

} // namespace

void GrpcChannels::add(std::uint64_t address) {
    if (address == 0 || (channels_.size() >= max_channels && !channels_.count(address)))
        return;
    channels_[address].reset();
    any_ = true;
}

void GrpcChannels::on_object(const holter_go_object& event) {
    if (event.kind == HOLTER_GO_GRPC_CHANNEL)
        add(event.address);
}

void GrpcChannels::on_transition(const holter_go_grpc_transition& event) {
    if (event.to == HOLTER_GO_GRPC_SHUTDOWN)
        channels_.erase(event.channel);
    else
        add(event.channel);
    any_ = true;
}

std::optional<std::array<std::uint64_t, HOLTER_GO_GRPC_STATES>> GrpcChannels::read() {
    if (!any_ || !all_known({fields_.manager_state, fields_.manager_channel}))
        return std::nullopt;
    std::array<std::uint64_t, HOLTER_GO_GRPC_STATES> out{};
    std::vector<std::uint64_t> addresses;
    addresses.reserve(channels_.size());
    for (const auto& [address, entry] : channels_)
        addresses.push_back(address);
    const auto [first, last] = std::minmax(*fields_.manager_state, *fields_.manager_channel);
    const ObjectParts parts(memory_, addresses, first, static_cast<std::size_t>(last - first) + 8);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        auto& entry = channels_.at(addresses[i]);
        const auto state =
            parts.has(i) ? parts.get<std::uint64_t>(i, *fields_.manager_state) : ~std::uint64_t{0};
        const auto now = parts.has(i) ? parts.get<std::uint64_t>(i, *fields_.manager_channel) : 0;
        if (state < HOLTER_GO_GRPC_SHUTDOWN && now == entry.value_or(now)) {
            entry = now;
            ++out[state];
            continue;
        }
        channels_.erase(addresses[i]);
        // Shut down: its event is on the way.
        corrections_ += state == HOLTER_GO_GRPC_SHUTDOWN ? 0 : 1;
    }
    return out;
}

void GrpcServers::on_object(const holter_go_object& event) {
    if (event.kind != HOLTER_GO_GRPC_SERVER || event.address == 0 || servers_.size() >= max_servers)
        return;
    servers_.insert(event.address);
    any_ = true;
}

std::optional<std::uint64_t> GrpcServers::read(bool check) {
    if (!any_ || !fields_.server_connections)
        return std::nullopt;
    std::vector<std::uint64_t> sets;
    std::erase_if(servers_, [&](std::uint64_t server) {
        const auto of_server = sets_of(server);
        if (of_server)
            sets.insert(sets.end(), of_server->begin(), of_server->end());
        return !of_server;
    });
    std::uint64_t open = 0;
    for (const std::uint64_t set : sets)
        open += map_length(memory_, set).value_or(0);
    if (!check && !sockets_.any_lacks())
        return open;
    const auto connections = connections_in(sets);
    if (check)
        sockets_.check(connections);
    const auto without = static_cast<std::uint64_t>(
        std::count_if(connections.begin(), connections.end(),
                      [&](const auto& one) { return sockets_.lacks(one.object); }));
    return open - std::min(open, without);
}

std::optional<std::vector<std::uint64_t>> GrpcServers::sets_of(std::uint64_t server) const {
    const auto map = memory_.value<std::uint64_t>(server + *fields_.server_connections);
    if (!map || *map == 0) // stopped
        return std::nullopt;
    std::vector<std::uint64_t> sets;
    WalkBudget budget{.entries = most_listeners};
    const auto listeners =
        for_each_entry(memory_, format_, *map, {16, 8}, budget,
                       [&](std::span<const std::byte>, std::span<const std::byte> value) {
                           sets.push_back(elf::load<std::uint64_t>(value, 0));
                       });
    if (!listeners || *listeners > most_listeners)
        return std::nullopt;
    return sets;
}

std::vector<SocketCheck::Connection>
GrpcServers::connections_in(const std::vector<std::uint64_t>& sets) const {
    if (!fields_.server_net_conn)
        return {};
    std::unordered_set<std::uint64_t> transports; // a set that changes may show one twice
    WalkBudget budget;
    for (const std::uint64_t set : sets)
        for_each_entry(memory_, format_, set, {16, 1}, budget,
                       [&](std::span<const std::byte> key, std::span<const std::byte>) {
                           transports.insert(elf::load<std::uint64_t>(key, 8));
                       });
    const std::vector<std::uint64_t> addresses(transports.begin(), transports.end());
    const ObjectParts parts(memory_, addresses, *fields_.server_net_conn + 8, 8);
    std::vector<SocketCheck::Connection> out;
    for (std::size_t i = 0; i < addresses.size(); ++i)
        if (parts.has(i))
            out.push_back(
                {addresses[i], parts.get<std::uint64_t>(i, *fields_.server_net_conn + 8)});
    return out;
}

} // namespace holter::golang
