// SPDX-License-Identifier: Apache-2.0
//
// What is found out about a process that is to be traced: what it is called, where it runs, and
// where things lie in its memory.
#pragma once

#include "loader/golang/binary.h"
#include "loader/process/identity.h"
#include "loader/process/procfs/procfs.h"
#include "loader/tracer/target.h"

#include <cstdint>
#include <optional>
#include <string>

namespace holter::tracer {

/// A process, and the file that it was found to run.
struct Candidate {
    Slot slot = 0;
    process::Identity identity;
    std::string executable; ///< as it sees it
    std::string path;       ///< where we can open it
    process::FileIdentity file;
};

struct Discovery {
    Target target;
    golang::RuntimeVariables variables; ///< of Go
    std::uint64_t load_bias = 0;
};

/// `binary`: null if it is not Go's. Empty when the process has ended meanwhile, or runs another
/// file.
std::optional<Discovery> discover(const process::Procfs& procfs, const Candidate& candidate,
                                  const golang::Binary* binary, const std::string& runtime);

} // namespace holter::tracer
