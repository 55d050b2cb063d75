// SPDX-License-Identifier: Apache-2.0
//
// The offsets of struct fields from a Go binary's own DWARF, read with libdw.
//
// The Go linker puts the types of all packages into one unit, named "runtime", and a package's
// variables into a unit of its own name. Only these units are walked. libdw inflates every
// debug section when it opens a file, so what that takes is known and bounded before.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/golang/layout/offset_table.h"
#include "loader/result.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace holter::golang {

/// What DWARF says of `wanted.figures`, in their order; nullopt for what the binary does not
/// have. `bound` is of all debug sections together, in bytes, uncompressed. Needs the file's
/// descriptor: an image in memory has no DWARF. Errors: `no_dwarf`, `dwarf_too_large` (nothing of
/// it has been read then), `unsupported_dwarf` (part of it is in another file),
/// `malformed_dwarf`.
Result<std::vector<std::optional<std::uint32_t>>>
read_dwarf_layouts(const elf::ElfFile& file, const ModuleLayouts& wanted, std::uint64_t bound);

} // namespace holter::golang
