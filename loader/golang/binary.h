// SPDX-License-Identifier: Apache-2.0
//
// Everything that tracing needs to know of one Go executable. It is worked out
// once per file and shared by all processes that run it; nothing of the file
// itself is kept.
#pragma once

#include "loader/catalogue/catalogue.h"
#include "loader/elf/elf_file.h"
#include "loader/golang/account/globals.h"
#include "loader/golang/account/memory.h"
#include "loader/golang/build_info.h"
#include "loader/golang/layout/offsets.h"
#include "loader/golang/probe_plan.h"
#include "loader/golang/types/error_links.h"
#include "loader/process/procfs/procfs.h"
#include "loader/result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holter::golang {

struct Binary {
    BuildInfo build_info;
    GoVersion version;
    process::LinkedImage image; ///< for the load bias of a process
    bool pie = false;
    std::optional<FunctionTable> functions; ///< empty when `failure` is set
    Offsets offsets;
    Globals globals; ///< as linked
    /// Versions of the modules that probes are for, where the binary has these; empty: cannot be
    /// told.
    std::map<std::string, std::string> modules;
    std::map<std::string, Offsets, std::less<>>
        layouts_of_modules; ///< of those whose version is known
    std::vector<GroupPlan> groups;
    std::vector<ErrorLink> error_links; ///< as linked; at most HOLTER_GO_LINKS
    /// It is Go, but no probe can be placed: `unknown_version`, or an error of find_functions().
    std::optional<Error> failure;

    /// Layouts of a module; without any field where they are not known.
    const Offsets& module_offsets(std::string_view module) const;
};

/// Examines the executable at `path` (`/proc/PID/exe`). Errors: those of elf::ElfFile::open and
/// read_build_info; `not_go` says that it is something else.
Result<std::shared_ptr<const Binary>> examine_binary(const std::string& path,
                                                     const catalogue::Runtime& runtime);

/// The runtime's variables in a process that runs the binary.
RuntimeVariables variables_at(const Binary& binary, std::uint64_t load_bias);

} // namespace holter::golang
