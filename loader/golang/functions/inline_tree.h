// SPDX-License-Identifier: Apache-2.0
//
// Which functions were copied into others. A probe on a function that the compiler inlined
// attaches without complaint and never fires, so whoever looks for a function must also
// know its copies: profile-guided builds inline what nobody expects.
//
// Each function with inlined calls has a tree of them in its funcdata, whose length only
// its pc-value table tells. Decoding that for all functions would cost more than everything
// else, so the whole region of trees is scanned for the numbers of wanted names first, and
// only what looks like a hit is decoded.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/golang/functions/module_data.h"
#include "loader/golang/functions/pclntab.h"
#include "loader/golang/functions/wanted_names.h"

#include <cstdint>
#include <vector>

namespace holter::golang {

/// A function that has an inline tree.
struct TreeOwner {
    std::uint32_t tree = 0;  ///< offset from ModuleData::gofunc
    std::uint32_t index = 0; ///< of the function in functab
};

/// A wanted name in the inline tree of another function.
struct InlinedName {
    std::uint32_t name = 0; ///< offset into the function names
    std::uint32_t host = 0; ///< index in functab
};

/// Looks for `names` in the trees of `owners`; every (name, host) is reported once. nullopt when
/// the trees are not where the module data says, or too
/// damaged to read at a reasonable price, or when there are more than max_matches copies.
std::optional<std::vector<InlinedName>>
find_inlined(const elf::ElfFile& file, const Pclntab& pclntab, const ModuleData& module_data,
             std::vector<TreeOwner> owners, const NameOffsets& names);

} // namespace holter::golang
