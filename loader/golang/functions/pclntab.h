// SPDX-License-Identifier: Apache-2.0
//
// .gopclntab is the table by which the Go runtime unwinds its own stacks, so `strip` cannot
// take it away: it names every function of every Go binary. Where it is depends on how
// the binary was linked:
//
//   executable               section .gopclntab
//   PIE, internal linking    section .data.rel.ro.gopclntab; since Go 1.26 .gopclntab
//   PIE, external linking    no section, somewhere in .data.rel.ro; since Go 1.26 .gopclntab
//   no section headers       anywhere in a segment that is not code
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/golang/version.h"
#include "loader/result.h"

#include <cstdint>
#include <string>

namespace holter::golang {

/// The header of the table. Addresses are as linked, offsets are of the file and checked to be
/// inside it.
struct Pclntab {
    std::uint64_t address = 0;
    std::uint64_t offset = 0; ///< of the header
    std::uint64_t function_count = 0;
    std::uint64_t end = 0; ///< offset to which tables may extend: the end of the section or segment

    std::uint64_t names = 0;         ///< offset of the function names
    std::uint64_t names_end = 0;     ///< offset
    std::uint64_t pc_values = 0;     ///< offset of the encoded pc-value tables
    std::uint64_t pc_values_end = 0; ///< offset
    std::uint64_t functions = 0;     ///< offset of functab, to which its entries are relative

    std::uint64_t text_start = 0;  ///< as the header has it: 0 since Go 1.26 and where relocated
    unsigned instruction_size = 1; ///< the unit of pc deltas
    bool has_start_line = false;   ///< the _func record of Go 1.20 and later
    std::string source;            ///< for people: "pclntab in .gopclntab"
};

/// Errors: `no_pclntab`, `unknown_pclntab` (a layout of another Go release),
/// `malformed_pclntab`.
Result<Pclntab> locate_pclntab(const elf::ElfFile& file);

} // namespace holter::golang
