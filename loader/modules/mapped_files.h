// SPDX-License-Identifier: Apache-2.0
//
// The files whose code a process has mapped: its executable and its libraries, also
// those that were deleted or replaced since, or never had a name (memfd). They are
// opened through /proc/PID/map_files, which leads to the very file whatever has become
// of its path, in whatever mount namespace.
#pragma once

#include "loader/process/procfs/descriptor.h"
#include "loader/process/procfs/procfs.h"
#include "loader/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace holter::modules {

struct MappedFile {
    std::string path;         ///< as the process sees it, without ` (deleted)`
    std::string name;         ///< its last part
    std::string link;         ///< opens the file, as long as it is mapped there
    std::uint64_t start = 0;  ///< of its first executable mapping
    std::uint64_t offset = 0; ///< in the file, of that mapping
};

/// Files with executable mappings, in the order of addresses, each once. Errors: those of
/// Procfs::maps.
Result<std::vector<MappedFile>> mapped_files(const process::Procfs& procfs, pid_t pid);

/// Opens one of them. Errors: `vanished`, `not_readable`, `no_permission`, `no_regular_file` (a
/// device, for example).
Result<process::Descriptor> open_mapped(const MappedFile& file);

} // namespace holter::modules
