// SPDX-License-Identifier: Apache-2.0
#include "loader/symbols/variable.h"

#include "loader/symbols/scan.h"

namespace holter::symbols {
namespace {

struct Candidates {
    std::optional<std::uint64_t> global;
    std::optional<std::uint64_t> local;
    bool several_locals = false;
};

Candidates find(const elf::ElfFile& file, const elf::SymbolTable& table, std::string_view name) {
    Candidates found;
    for_each_symbol(file, table, types(STT_OBJECT, STT_NOTYPE, STT_COMMON),
                    [&](const NamedSymbol& symbol) {
                        // .symtab says which version of the name a shared library exports.
                        if (symbol.name.substr(0, symbol.name.find('@')) != name) {
                            return true;
                        }
                        if (!symbol.local) {
                            found.global = symbol.address;
                            return false;
                        }
                        found.several_locals |= found.local && *found.local != symbol.address;
                        found.local = symbol.address;
                        return true;
                    });
    return found;
}

} // namespace

std::optional<std::uint64_t> variable_address(const elf::ElfFile& file, std::string_view name) {
    for (const auto& table : {file.symbol_table(), file.dynamic_symbol_table()}) {
        if (!table) {
            continue;
        }
        const Candidates found = find(file, *table, name);
        if (found.global) {
            return found.global;
        }
        if (found.local) {
            return found.several_locals ? std::nullopt : found.local;
        }
    }
    return std::nullopt;
}

} // namespace holter::symbols
