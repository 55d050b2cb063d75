// SPDX-License-Identifier: Apache-2.0
//
// How an executable gets its libraries: why a probe in a library may not be there to attach to.
#pragma once

#include "loader/elf/elf_file.h"

#include <optional>

namespace holter::elf {

enum class Linkage {
    glibc,
    musl,         ///< Alpine and others: distributions whose builds rarely have USDT probes
    other,        ///< a dynamic loader that we do not know
    static_alone, ///< no loader: all libraries are inside, under no name of their own
};

/// Of an executable, by the loader it asks for. A shared library asks for none, and is not meant.
Linkage linkage(const ElfFile& executable);

/// Why something that is a library elsewhere is not mapped by a process with this executable:
/// `static_binary`, `musl`; nothing when the linkage explains nothing.
std::optional<Error> missing_library(const ElfFile& executable, const std::string& library);

} // namespace holter::elf
