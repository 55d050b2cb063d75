// SPDX-License-Identifier: Apache-2.0
//
// What every exporter says about its own process. Only the loader reads /proc, so
// whoever wires the rooms fills this in.
#pragma once

#include <string>

namespace holter::exporter {

struct ProcessStats {
    double cpu_seconds = 0; ///< user and system
    double resident_bytes = 0;
    double virtual_bytes = 0;
    double open_fds = 0;
    double max_fds = 0;
    double threads = 0;
    double start_time_seconds = 0; ///< since the epoch
};

struct BuildInfo {
    std::string version;
    std::string revision;
};

} // namespace holter::exporter
