// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/stat.h"

#include <array>
#include <charconv>

#include <unistd.h>

namespace holter::process {
namespace {

// Numbers of proc_pid_stat(5); the state is field 3.
enum Field : std::size_t {
    flags = 9,
    utime = 14,
    stime = 15,
    num_threads = 20,
    starttime = 22,
    vsize = 23,
    rss = 24,
    startstack = 28,
};

// include/linux/sched.h
constexpr std::uint32_t pf_exiting = 0x00000004;
constexpr std::uint32_t pf_kthread = 0x00200000;

} // namespace

bool Stat::kernel_thread() const {
    return (flags & pf_kthread) != 0;
}

bool Stat::dead() const {
    return (flags & pf_exiting) != 0 && threads <= 1;
}

double ticks_to_seconds(std::uint64_t ticks) {
    static const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    return static_cast<double>(ticks) / ticks_per_second;
}

std::optional<Stat> parse_stat(std::string_view line) {
    const std::size_t name_end = line.rfind(')');
    if (name_end == std::string_view::npos || line.size() < name_end + 3 ||
        line[name_end + 1] != ' ') {
        return std::nullopt;
    }
    std::string_view rest = line.substr(name_end + 3);

    std::array<std::uint64_t, Field::startstack + 1> fields{};
    for (std::size_t field = 4; field <= Field::startstack; ++field) {
        if (rest.empty() || rest.front() != ' ') {
            return std::nullopt;
        }
        rest.remove_prefix(1);
        const bool negative = !rest.empty() && rest.front() == '-';
        if (negative) { // priorities and terminals; none of those that are kept
            rest.remove_prefix(1);
        }
        const auto [end, error] =
            std::from_chars(rest.data(), rest.data() + rest.size(), fields[field]);
        if (error != std::errc()) {
            return std::nullopt;
        }
        if (negative) {
            fields[field] = 0;
        }
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    }
    Stat stat;
    stat.flags = static_cast<std::uint32_t>(fields[Field::flags]);
    stat.user_ticks = fields[Field::utime];
    stat.system_ticks = fields[Field::stime];
    stat.threads = fields[Field::num_threads];
    stat.start_time = fields[Field::starttime];
    stat.virtual_bytes = fields[Field::vsize];
    stat.resident_pages = fields[Field::rss];
    stat.image = fields[Field::startstack];
    return stat;
}

} // namespace holter::process
