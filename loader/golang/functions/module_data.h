// SPDX-License-Identifier: Apache-2.0
//
// runtime.firstmoduledata: where the running program itself looks up its text, its types and
// its inline trees. A stripped binary does not name it, but it begins with a pointer to the
// pclntab, followed by one to the function names in it, and nothing else does; since Go 1.26
// it has a section of its own.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/golang/functions/pclntab.h"
#include "loader/golang/version.h"
#include "loader/result.h"

#include <cstdint>

namespace holter::golang {

/// Addresses as linked.
struct ModuleData {
    std::uint64_t address = 0; ///< of the structure itself
    std::uint64_t text = 0;    ///< to which function entries are relative
    std::uint64_t text_end = 0;
    std::uint64_t types = 0; ///< to which type and name offsets are relative
    std::uint64_t types_end = 0;
    std::uint64_t gofunc = 0; ///< to which funcdata offsets are relative
};

/// Errors: `no_moduledata`.
Result<ModuleData> find_module_data(const elf::ElfFile& file, const GoVersion& version,
                                    const Pclntab& pclntab);

} // namespace holter::golang
