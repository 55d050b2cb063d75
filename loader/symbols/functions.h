// SPDX-License-Identifier: Apache-2.0
//
// Functions by name, wherever names are: .symtab; the separate debug file of a stripped binary;
// .dynsym and .gnu_debugdata. All names a catalogue wants of a file are looked for in one pass over
// each table.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/symbols/debug_file.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holter::symbols {

struct Function {
    std::string symbol; ///< as it stands in the table: bytes of a foreign file
    std::string name;   ///< as people write it
    std::uint64_t address = 0;
    std::uint64_t size = 0; ///< 0: unknown
};

/// One pattern's functions; a pattern that means more than these is too wide to be meant.
inline constexpr std::size_t max_functions = 256;

struct FoundFunctions {
    /// Of each pattern, in its order: ascending by address, each address once.
    std::vector<std::vector<Function>> functions;
    /// A table with the names of local functions was there, so that what is missing does not exist.
    bool all_names_known = false;
    /// Functions left out because a pattern has more than max_functions.
    std::size_t beyond_limit = 0;
    /// Of each pattern: names that contain its words and are too complex to be demangled.
    std::vector<std::size_t> too_complex;
    /// Where the names of a stripped file would be, or what is wrong there. Empty if not needed.
    std::string debug_file_note;
};

/// `patterns` as pattern.h describes them. Copies that the compiler made of a function for some of
/// its callers (`.constprop.0`) count as the function; outlined parts (`.cold`) do not. `where`: no
/// debug file is looked for without it.
FoundFunctions find_functions(const elf::ElfFile& file, std::span<const std::string> patterns,
                              const std::optional<FileSystem>& where = std::nullopt);

/// Why patterns[index] has no functions: `no_such_function`; `stripped` (it may be there, without
/// its name); `name_too_complex`.
Error missing_function(std::span<const std::string> patterns, std::size_t index,
                       const FoundFunctions& found);

} // namespace holter::symbols
