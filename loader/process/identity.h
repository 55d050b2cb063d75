// SPDX-License-Identifier: Apache-2.0
//
// A pid names a process only while it lives: the kernel hands numbers out again,
// within seconds on a busy node. With the start time beside it the pair is
// unique until the next boot, so nothing here is ever kept by pid alone.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

#include <sys/types.h>

namespace holter::process {

struct Identity {
    pid_t pid = 0;                ///< as the procfs that is looked at numbers it
    std::uint64_t start_time = 0; ///< clock ticks since boot: field 22 of /proc/PID/stat
    auto operator<=>(const Identity&) const = default;
};

} // namespace holter::process

template <> struct std::hash<holter::process::Identity> {
    std::size_t operator()(const holter::process::Identity& identity) const noexcept {
        // Pids fill the low bits; the odd constant (2^64 / golden ratio) spreads start times.
        return static_cast<std::size_t>(static_cast<std::uint64_t>(identity.pid) ^
                                        (identity.start_time * 0x9e3779b97f4a7c15U));
    }
};
