// SPDX-License-Identifier: Apache-2.0
#include "loader/tcp/time_wait.h"

#include <charconv>

namespace holter::tcp {

namespace {

constexpr std::uint64_t lifetime_ns = 60'000'000'000; // TCP_TIMEWAIT_LEN
constexpr std::uint64_t ticks_of_lifetime = lifetime_ns / HOLTER_TCP_TICK_NS;
static_assert(ticks_of_lifetime < HOLTER_TCP_TICKS);

} // namespace

ByDirection time_waits_at(const holter_tcp_counts& counts, std::uint64_t now_ns) {
    const std::uint64_t now = now_ns / HOLTER_TCP_TICK_NS;
    ByDirection sums{};
    for (std::size_t direction = 0; direction < sums.size(); ++direction)
        for (const auto& shared : counts.time_waits[direction]) {
            const std::uint64_t word = __atomic_load_n(&shared, __ATOMIC_RELAXED);
            const std::uint64_t tick = word >> HOLTER_TCP_TICK_BITS;
            if (tick + ticks_of_lifetime > now && tick <= now)
                sums[direction] += static_cast<std::uint32_t>(
                    word & ((std::uint64_t{1} << HOLTER_TCP_TICK_BITS) - 1));
        }
    return sums;
}

std::optional<std::uint64_t> time_waits_of_namespace(std::string_view sockstat) {
    const auto line = sockstat.find("TCP: ");
    if (line == std::string_view::npos || (line != 0 && sockstat[line - 1] != '\n'))
        return {};
    std::string_view text = sockstat.substr(line, sockstat.find('\n', line) - line);
    constexpr std::string_view word = " tw ";
    const auto found = text.find(word);
    if (found == std::string_view::npos)
        return {};
    text.remove_prefix(found + word.size());
    std::uint64_t total = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), total).ec != std::errc{})
        return {};
    return total;
}

void scale_down(std::span<ByDirection* const> targets, std::uint64_t total) {
    std::uint64_t sum = 0;
    for (const ByDirection* target : targets)
        for (const std::uint32_t count : *target)
            sum += count;
    if (sum <= total)
        return;
    for (ByDirection* target : targets)
        for (std::uint32_t& count : *target)
            count = static_cast<std::uint32_t>(count * total / sum);
}

} // namespace holter::tcp
