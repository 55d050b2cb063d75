// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/connections/sockets/descriptors.h"

#include <algorithm>
#include <array>

namespace holter::golang {

namespace {

/// Wrappers around each other that are looked through.
constexpr int deepest = 8;
constexpr std::uint64_t closed = 1; ///< bit of internal/poll.fdMutex.state
constexpr std::uint64_t largest_number = std::uint64_t{1} << 24;

bool is_family(std::uint64_t family) {
    constexpr std::uint64_t unix_sockets = 1, ipv4 = 2, ipv6 = 10;
    return family == unix_sockets || family == ipv4 || family == ipv6;
}

bool is_connected_type(std::uint64_t type) {
    constexpr std::uint64_t stream = 1, packets_in_order = 5;
    return type == stream || type == packets_in_order;
}

} // namespace

std::vector<std::optional<NetDescriptor>>
Descriptors::at(std::span<const std::uint64_t> addresses) const {
    std::vector<std::optional<NetDescriptor>> out(addresses.size());
    if (!all_known({fields_.state, fields_.number, fields_.family, fields_.type, fields_.remote}))
        return out;
    const std::uint64_t remote_data = *fields_.remote + 8; // an interface
    const auto [first, last] =
        std::minmax({*fields_.state, *fields_.number, *fields_.family, *fields_.type, remote_data});
    const ObjectParts parts(memory_, addresses, first, static_cast<std::size_t>(last - first) + 8);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        if (!parts.has(i))
            continue;
        const auto number = parts.get<std::uint64_t>(i, *fields_.number);
        const auto remote = parts.get<std::uint64_t>(i, remote_data);
        if ((parts.get<std::uint64_t>(i, *fields_.state) & closed) == 0 &&
            number <= largest_number && remote != 0 &&
            is_family(parts.get<std::uint64_t>(i, *fields_.family)) &&
            is_connected_type(parts.get<std::uint64_t>(i, *fields_.type)))
            out[i] = NetDescriptor{addresses[i], number, remote};
    }
    return out;
}

std::vector<std::uint64_t>
Descriptors::words_at(const std::vector<std::uint64_t>& addresses) const {
    const ObjectParts words(memory_, addresses, 0, 8);
    std::vector<std::uint64_t> out(addresses.size());
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = words.has(i) ? words.get<std::uint64_t>(i, 0) : 0;
    return out;
}

std::optional<NetDescriptor> Descriptors::at(std::uint64_t address) const {
    return at(std::span<const std::uint64_t>(&address, 1)).front();
}

std::vector<std::optional<NetDescriptor>>
Descriptors::of(std::span<const std::uint64_t> net_conns) const {
    std::vector<std::optional<NetDescriptor>> out(net_conns.size());
    std::vector<std::uint64_t> objects(net_conns.begin(), net_conns.end());
    std::vector<std::size_t> whose(net_conns.size());
    for (std::size_t i = 0; i < whose.size(); ++i)
        whose[i] = i;
    for (int depth = 0; depth < deepest && !objects.empty(); ++depth) {
        const ObjectParts words(memory_, objects, 0, 16);
        std::vector<std::uint64_t> first_words(objects.size());
        for (std::size_t i = 0; i < objects.size(); ++i)
            first_words[i] = words.has(i) ? words.get<std::uint64_t>(i, 0) : 0;
        const auto found = at(first_words);
        const auto embedded = at(words_at(first_words));
        std::vector<std::uint64_t> wrapped;
        std::vector<std::size_t> of_wrapped;
        for (std::size_t i = 0; i < objects.size(); ++i) {
            if (found[i] || embedded[i]) {
                out[whose[i]] = found[i] ? found[i] : embedded[i];
            } else if (words.has(i)) {
                wrapped.push_back(words.get<std::uint64_t>(i, 8));
                of_wrapped.push_back(whose[i]);
            }
        }
        objects = std::move(wrapped);
        whose = std::move(of_wrapped);
    }
    return out;
}

} // namespace holter::golang
