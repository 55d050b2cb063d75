// SPDX-License-Identifier: Apache-2.0
//
// The separate file where `strip` or a distribution's debug package put the symbols of a stripped
// binary. It is looked for where debuggers look, but in the target's file system: a container
// brings its own. It counts only if it is of the same build: the same build id, or, for binaries
// without one, the checksum in .gnu_debuglink.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/result.h"

#include <cstdint>
#include <optional>
#include <string>

namespace holter::symbols {

/// How a target sees its files.
struct FileSystem {
    std::string root; ///< /proc/PID/root, or / for our own
    std::string path; ///< of the binary, in there
};

struct DebugFile {
    std::string path; ///< as the target sees it
    elf::ElfFile file;
};

/// Paths are resolved inside `root`, symbolic links too. Errors: `no_debug_file`, whose message
/// says where one would have been found.
Result<DebugFile> find_debug_file(const elf::ElfFile& file, const FileSystem& where);

/// What .gnu_debuglink says.
struct DebugLink {
    std::string name; ///< a file name without a directory
    std::uint32_t checksum = 0;
};
std::optional<DebugLink> debug_link(const elf::ElfFile& file);

} // namespace holter::symbols
