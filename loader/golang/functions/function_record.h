// SPDX-License-Identifier: Apache-2.0
//
// What pclntab holds per function: an entry in functab, which points to a _func record, which
// is followed by its pcdata and funcdata offsets.
#pragma once

#include "loader/elf/window.h"
#include "loader/golang/functions/pclntab.h"

#include <cstdint>
#include <optional>

namespace holter::golang {

struct FunctabEntry {
    std::uint32_t text_offset = 0; ///< from the start of the text
    std::uint32_t next_text_offset = 0;
    std::uint32_t record = 0; ///< offset from Pclntab::functions

    std::uint32_t size() const {
        return next_text_offset > text_offset ? next_text_offset - text_offset : 0;
    }
};

struct FunctionRecord {
    std::uint32_t name = 0;   ///< offset into the function names
    unsigned function_id = 0; ///< abi.FuncID, whose numbers depend on the release
    /// offset from ModuleData::gofunc of its inline tree
    std::optional<std::uint32_t> inline_tree;
    /// offset from Pclntab::pc_values of the table that says where in that tree a pc is
    std::optional<std::uint32_t> inline_index;
};

/// The functab entry of function `index` < function_count; nullopt when the file ends before it.
std::optional<FunctabEntry> read_entry(const Pclntab& pclntab, elf::Window& window,
                                       std::uint64_t index);

/// The record at `offset` from Pclntab::functions; nullopt when it is not inside the table.
std::optional<FunctionRecord> read_record(const Pclntab& pclntab, elf::Window& window,
                                          std::uint32_t offset);

} // namespace holter::golang
