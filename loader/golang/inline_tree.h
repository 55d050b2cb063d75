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
#include "loader/golang/module_data.h"
#include "loader/golang/pclntab.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace holter::golang {

/// A function that has an inline tree.
struct TreeOwner {
    std::uint32_t tree = 0;   ///< offset from ModuleData::gofunc
    std::uint32_t record = 0; ///< offset of its _func record from Pclntab::functions
};

/// A wanted name in the inline tree of another function.
struct InlinedName {
    std::uint32_t name = 0;   ///< offset into the function names
    std::uint32_t record = 0; ///< the host's _func record
};

/// Looks for `names` (offsets, ascending) in the trees of `owners`. Every (name, host) is reported
/// once. Bounded by the size of the file; ranges that are not there are skipped.
std::vector<InlinedName> find_inlined(const elf::ElfFile& file, const Pclntab& pclntab,
                                      const ModuleData& module_data, std::vector<TreeOwner> owners,
                                      const std::vector<std::uint32_t>& names);

} // namespace holter::golang
