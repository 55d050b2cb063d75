// SPDX-License-Identifier: Apache-2.0
//
// The offsets of struct fields from a Go binary's own DWARF.
//
// The Go linker puts the types of all packages into one unit, named "runtime". Everything
// before that unit is passed over, everything behind it is not read at all. Within it a struct
// is a name, a size and members; of these only what the table asks for is kept.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/golang/offset_table.h"
#include "loader/result.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace holter::golang {

/// What DWARF says of `wanted.figures`, in their order; nullopt for what the binary does not
/// have. Reads at most `bound` bytes of .debug_info, uncompressed. Errors: `no_dwarf`,
/// `unsupported_dwarf`, `malformed_dwarf`, `dwarf_too_large` (not found within the bound).
Result<std::vector<std::optional<std::uint32_t>>>
read_dwarf_layouts(const elf::ElfFile& file, const ModuleLayouts& wanted, std::uint64_t bound);

} // namespace holter::golang
