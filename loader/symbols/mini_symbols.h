// SPDX-License-Identifier: Apache-2.0
//
// `.gnu_debugdata`: distributions that strip their binaries may leave the names of local functions
// in this section, as a whole ELF file compressed by xz ("MiniDebugInfo").
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/result.h"

#include <memory>
#include <optional>

namespace holter::symbols {

/// An ELF file together with the bytes it lies in.
struct EmbeddedFile {
    std::unique_ptr<const elf::Bytes> bytes;
    elf::ElfFile file;
};

/// Nothing when there is no such section. Errors: `malformed_debugdata` (no xz stream, or more than
/// 64 MB in it), and those of ElfFile::over().
Result<std::optional<EmbeddedFile>> mini_symbols(const elf::ElfFile& file);

} // namespace holter::symbols
