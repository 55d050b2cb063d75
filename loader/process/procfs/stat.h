// SPDX-License-Identifier: Apache-2.0
//
// /proc/PID/stat is one line of numbers with a name chosen by the process in the
// middle: it may hold spaces, parentheses and newlines, even a forged rest of
// the line. The real rest begins after the last closing parenthesis.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace holter::process {

struct Stat {
    std::uint32_t flags = 0;
    std::uint64_t user_ticks = 0;   ///< CPU time in clock ticks
    std::uint64_t system_ticks = 0; ///< CPU time in clock ticks
    std::uint64_t threads = 0;      ///< that have not been reaped, a dead leader included
    std::uint64_t start_time = 0;   ///< clock ticks since boot
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_pages = 0;
    /// Where the stack began at exec: address space randomisation gives each image another, so it
    /// tells an exec that nobody reported. 0 when the reader may not know it.
    std::uint64_t image = 0;

    bool kernel_thread() const;
    /// The whole process has ended. A dead leader whose threads go on is a zombie too, but it is
    /// not alone.
    bool dead() const;
};

double ticks_to_seconds(std::uint64_t ticks);

/// Empty when the line is not what the kernel writes.
std::optional<Stat> parse_stat(std::string_view line);

} // namespace holter::process
