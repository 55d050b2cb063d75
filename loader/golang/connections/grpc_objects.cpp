// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/grpc_objects.h"

#include <vector>

namespace holter::golang {

namespace {

/// A server has one set of connections for each of its listeners.
constexpr std::uint64_t most_listeners = 4096;

} // namespace

void GrpcChannels::add(std::uint64_t address) {
    if (address == 0 || channels_.size() >= max_channels)
        return;
    channels_.insert(address);
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
    if (!any_ || !fields_.manager_state)
        return std::nullopt;
    std::array<std::uint64_t, HOLTER_GO_GRPC_STATES> out{};
    const std::vector<std::uint64_t> addresses(channels_.begin(), channels_.end());
    const ObjectParts parts(memory_, addresses, *fields_.manager_state, 8);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const auto state =
            parts.has(i) ? parts.get<std::uint64_t>(i, *fields_.manager_state) : ~std::uint64_t{0};
        if (state < HOLTER_GO_GRPC_SHUTDOWN) {
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

std::optional<std::uint64_t> GrpcServers::read() {
    if (!any_ || !fields_.server_connections)
        return std::nullopt;
    std::uint64_t sum = 0;
    std::erase_if(servers_, [&](std::uint64_t server) {
        const auto connections = connections_of(server);
        sum += connections.value_or(0);
        return !connections;
    });
    return sum;
}

std::optional<std::uint64_t> GrpcServers::connections_of(std::uint64_t server) const {
    const auto map = memory_.value<std::uint64_t>(server + *fields_.server_connections);
    if (!map || *map == 0) // stopped
        return std::nullopt;
    std::uint64_t sum = 0;
    const auto listeners =
        for_each_entry(memory_, format_, *map, {16, 8},
                       [&](std::span<const std::byte>, std::span<const std::byte> value) {
                           const auto of_listener = elf::load<std::uint64_t>(value, 0);
                           sum += map_length(memory_, of_listener).value_or(0);
                       });
    if (!listeners || *listeners > most_listeners)
        return std::nullopt;
    return sum;
}

} // namespace holter::golang
