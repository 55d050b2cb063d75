// SPDX-License-Identifier: Apache-2.0
//
// What Holter itself consumes, as the process_* families of every Prometheus
// client define it.
#pragma once

#include "loader/process/procfs/procfs.h"
#include "loader/result.h"

#include <cstdint>

namespace holter::process {

struct ResourceUse {
    double cpu_seconds = 0; ///< user and system
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t virtual_limit_bytes = 0; ///< UINT64_MAX: unlimited
    std::uint64_t open_files = 0;
    std::uint64_t open_files_limit = 0; ///< UINT64_MAX: unlimited
    std::uint64_t threads = 0;
    double start_time_seconds = 0; ///< since 1970
};

/// Errors: `no_procfs`, and those of Procfs::stat.
Result<ResourceUse> own_resource_use(const Procfs& procfs);

} // namespace holter::process
