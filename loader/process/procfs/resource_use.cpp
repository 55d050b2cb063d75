// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/resource_use.h"

#include <limits>

#include <sys/resource.h>
#include <unistd.h>

namespace holter::process {
namespace {

std::uint64_t limit_of(decltype(RLIMIT_AS) resource) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return std::numeric_limits<std::uint64_t>::max();
    }
    return limit.rlim_cur;
}

} // namespace

Result<ResourceUse> own_resource_use(const Procfs& procfs) {
    const Result<pid_t> pid = procfs.own_pid();
    if (!pid) {
        return pid.error();
    }
    const Result<Stat> stat = procfs.stat(*pid);
    if (!stat) {
        return stat.error();
    }
    const Result<double> boot = procfs.boot_time();
    if (!boot) {
        return boot.error();
    }
    const Result<std::uint64_t> files = procfs.open_files(*pid);
    if (!files) {
        return files.error();
    }
    ResourceUse use;
    use.cpu_seconds = ticks_to_seconds(stat->user_ticks + stat->system_ticks);
    use.resident_bytes = stat->resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    use.virtual_bytes = stat->virtual_bytes;
    use.virtual_limit_bytes = limit_of(RLIMIT_AS);
    use.open_files = *files;
    use.open_files_limit = limit_of(RLIMIT_NOFILE);
    use.threads = stat->threads;
    use.start_time_seconds = *boot + ticks_to_seconds(stat->start_time);
    return use;
}

} // namespace holter::process
