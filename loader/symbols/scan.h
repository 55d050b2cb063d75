// SPDX-License-Identifier: Apache-2.0
//
// All symbols of a table with their names, in bounded memory. Symbols name themselves by an offset
// into a string table of megabytes, in no order; so symbols are taken in batches, sorted by that
// offset, and each batch walks the strings once, forward, through a small window. libjvm's 58,000
// symbols are one batch.
#pragma once

#include "loader/elf/elf_file.h"

#include <cstdint>
#include <elf.h>
#include <functional>
#include <string_view>

namespace holter::symbols {

/// Valid during the visit; the name is bytes of a foreign file.
struct NamedSymbol {
    std::string_view name;
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    std::uint8_t type = 0; ///< STT_*
    bool local = false;
};

/// A set of STT_* types.
constexpr std::uint32_t types(auto... type) {
    return ((std::uint32_t{1} << type) | ...);
}

/// Visits every defined symbol of one of `wanted_types` whose name has 1 to 4096 bytes, in no
/// particular order, until `visit` returns false. Of a file that claims more than a few million
/// symbols, only these are visited.
void for_each_symbol(const elf::ElfFile& file, const elf::SymbolTable& table,
                     std::uint32_t wanted_types,
                     const std::function<bool(const NamedSymbol&)>& visit);

} // namespace holter::symbols
