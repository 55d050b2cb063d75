// SPDX-License-Identifier: Apache-2.0
//
// How many sockets of a target are in TIME_WAIT. The kernel replaces them by small
// stand-ins that have no owner and end without a word, so they are counted by time:
// one that was left behind is there for 60 s. What the kernel recycles before that
// (it does when ports run short) shows in the total of the network namespace, which
// the kernel keeps; our counts are brought down to it.
#pragma once

#include "bpf/events.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace holter::tcp {

using ByDirection = std::array<std::uint32_t, HOLTER_TCP_DIRECTIONS>;

/// By the clock of tcp_counts alone. `now_ns` is CLOCK_MONOTONIC.
ByDirection time_waits_at(const holter_tcp_counts& counts, std::uint64_t now_ns);

/// TIME_WAIT stand-ins of a whole network namespace, out of the text of /proc/PID/net/sockstat;
/// nothing when it is not there.
std::optional<std::uint64_t> time_waits_of_namespace(std::string_view sockstat);

/// Brings the numbers of all targets of one network namespace down to the kernel's total, each by
/// the same share.
void scale_down(std::span<ByDirection* const> targets, std::uint64_t total);

} // namespace holter::tcp
