// SPDX-License-Identifier: Apache-2.0
//
// From the catalogue's wishes to the sites of one binary. What cannot be had is
// part of the plan, with the reason: a probe that is missing must never look
// like a count of zero.
#pragma once

#include "loader/catalogue/catalogue.h"
#include "loader/elf/elf_file.h"
#include "loader/golang/functions/function_table.h"
#include "loader/golang/version.h"
#include "loader/result.h"
#include "loader/site/site.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace holter::golang {

struct PlannedSite {
    site::Site site;
    std::string function;          ///< that contains the site
    std::uint64_t file_offset = 0; ///< what the kernel wants to know
    std::uint8_t argument = 0;     ///< of the program
};

struct PlannedProbe {
    catalogue::Probe probe;
    std::vector<PlannedSite> sites;
    /// Why some or all of its hits will not be seen: `inlined`, `function_missing`,
    /// `unexpected_code` (another number of call sites than this version should have),
    /// `undecodable`, `no_result_site`, `unknown_version` (of its module).
    std::optional<Error> failure;
};

struct GroupPlan {
    std::string name;
    std::string object;
    bool windows = false;     ///< as in the catalogue
    bool per_request = false; ///< the same
    std::vector<PlannedProbe> probes;
};

/// The version of a module in the binary; nullopt when it cannot be told.
using ModuleRelease =
    std::function<std::optional<catalogue::MinorRelease>(const std::string& module)>;

/// Names to look up so that plan_probes() can do its work.
std::vector<std::string> functions_for_plan(const catalogue::Runtime& runtime,
                                            const GoVersion& version);

/// Has a plan for every probe that is meant for these versions. `release_of` is asked only for
/// modules of which the binary has a probed function.
std::vector<GroupPlan> plan_probes(const catalogue::Runtime& runtime, const elf::ElfFile& file,
                                   const FunctionTable& functions, const GoVersion& version,
                                   const ModuleRelease& release_of);

} // namespace holter::golang
