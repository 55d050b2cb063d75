// SPDX-License-Identifier: Apache-2.0
//
// From function names to addresses, in any Go binary, stripped or not.
//
// The tables are made to go from an address to a name. The other way round is three
// sequential passes: over the names (which numbers do the wanted ones have?), over the
// functions (who has these numbers?) and over the inline trees (who contains a copy?).
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/golang/functions/module_data.h"
#include "loader/golang/version.h"
#include "loader/result.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holter::golang {

/// Addresses as linked; elf::ElfFile::offset_of() gives what a uprobe needs.
struct Function {
    std::string name;
    std::uint64_t address = 0;
    std::uint64_t size = 0; ///< to the next function, padding included
    /// Made by the compiler to call the function meant: the other ABI's entry of the same name
    /// (`runtime.goexit1`), or a promoted method.
    bool wrapper = false;
};

/// A wanted function whose body was copied into another one.
struct InlinedCopy {
    std::string function;
    std::string host;
    std::uint64_t host_address = 0;
    std::uint64_t host_size = 0;
};

struct FunctionTable {
    std::vector<Function> functions;  ///< that were found, by address
    std::vector<InlinedCopy> inlined; ///< by function, then host address
    /// False when the inline trees could not be read: then `inlined` says nothing.
    bool inline_trees_read = false;
    std::string source; ///< for people: "pclntab in .data.rel.ro (scan)"
    std::uint64_t pclntab_address = 0;
    std::uint64_t text_start = 0;
    std::optional<ModuleData> module_data;

    /// The function of exactly that name, or nullptr; a wrapper only if there is nothing else.
    const Function* find(std::string_view name) const;
};

/// Finds all `wanted` functions in one go. An entry is the name as Go writes it
/// ("net/http.(*conn).serve") or, with `*` at its end, a prefix ("runtime.gcStart.func*").
/// A name that is nowhere is not an error. Errors: those of locate_pclntab(), and
/// `malformed_pclntab` when the text cannot be located.
Result<FunctionTable> find_functions(const elf::ElfFile& file, const GoVersion& version,
                                     std::span<const std::string> wanted);

} // namespace holter::golang
