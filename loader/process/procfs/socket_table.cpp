// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/socket_table.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace holter::process {

namespace {

/// Takes the next word from a line.
std::string_view next_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(word.size());
    return word;
}

std::optional<std::uint64_t> number(std::string_view word, int base) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
    if (error != std::errc{} || end != word.data() + word.size())
        return std::nullopt;
    return value;
}

/// Empty if there is no such character.
std::string_view part_behind(std::string_view text, char character) {
    const auto found = text.find(character);
    return found == std::string_view::npos ? std::string_view() : text.substr(found + 1);
}

struct InternetSocket {
    std::uint16_t port = 0; ///< its own
    std::uint64_t state = 0;
    std::uint64_t inode = 0;
};

/// Empty: not what the kernel writes, as the header is not.
std::optional<InternetSocket> internet_socket(std::string_view line) {
    constexpr int between = 5; // queues, timer, retransmits, uid, timeout
    next_word(line);           // the number of the line
    const std::string_view address = next_word(line);
    next_word(line); // the peer's
    const auto state = number(next_word(line), 16);
    for (int i = 0; i < between; ++i)
        next_word(line);
    const auto inode = number(next_word(line), 10);
    const auto port = number(part_behind(address, ':'), 16);
    if (!state || !inode || !port)
        return std::nullopt;
    return InternetSocket{static_cast<std::uint16_t>(*port), *state, *inode};
}

template <typename Visit> void each_line(std::string_view text, Visit&& visit) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        visit(line);
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
}

} // namespace

void SocketTable::add_tcp(std::string_view text) {
    constexpr std::uint64_t listens = 0x0a;
    each_line(text, [&](std::string_view line) {
        const auto socket = internet_socket(line);
        if (!socket || socket->inode == 0) // one that nobody holds
            return;
        if (socket->state == listens) {
            without_peer_.insert(socket->inode);
            listening_.insert(socket->port);
        } else {
            tcp_ports_[socket->inode] = socket->port;
        }
    });
}

void SocketTable::add_udp(std::string_view text) {
    each_line(text, [&](std::string_view line) {
        if (const auto socket = internet_socket(line))
            without_peer_.insert(socket->inode);
    });
}

void SocketTable::add_netlink(std::string_view text) {
    each_line(text, [&](std::string_view line) {
        std::optional<std::uint64_t> inode; // the last word
        for (auto word = next_word(line); !word.empty(); word = next_word(line))
            inode = number(word, 10);
        if (inode)
            without_peer_.insert(*inode);
    });
}

void SocketTable::add_unix(std::string_view text) {
    constexpr std::uint64_t listens = 0x10000, stream = 1, packets_in_order = 5;
    each_line(text, [&](std::string_view line) {
        for (int i = 0; i < 3; ++i) // address, references, protocol
            next_word(line);
        const auto flags = number(next_word(line), 16);
        const auto type = number(next_word(line), 16);
        next_word(line); // state
        const auto inode = number(next_word(line), 10);
        if (flags && type && inode &&
            ((*flags & listens) != 0 || (*type != stream && *type != packets_in_order)))
            without_peer_.insert(*inode);
    });
}

PeerWay SocketTable::way_of(std::uint64_t inode) const {
    if (without_peer_.count(inode) != 0)
        return {false, false};
    const auto tcp = tcp_ports_.find(inode);
    if (tcp == tcp_ports_.end())
        return {};
    const bool inbound = listening_.count(tcp->second) != 0;
    return {inbound, !inbound};
}

} // namespace holter::process
