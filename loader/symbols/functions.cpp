// SPDX-License-Identifier: Apache-2.0
#include "loader/symbols/functions.h"

#include "loader/elf/printable.h"
#include "loader/symbols/mini_symbols.h"
#include "loader/symbols/pattern.h"
#include "loader/symbols/scan.h"

#include <algorithm>

namespace holter::symbols {
namespace {

// A hostile file may have a million names that all have to be demangled: this bounds the work to
// some seconds. node has 110,000 names; a pattern's word is in some hundreds of them.
constexpr std::size_t max_demangled_text = std::size_t{256} << 20;

class Search {
  public:
    Search(const elf::ElfFile& file, std::span<const std::string> patterns, FoundFunctions& found)
        : file_(file), patterns_(patterns.begin(), patterns.end()), found_(found) {
        found_.functions.resize(patterns.size());
        found_.too_complex.resize(patterns.size());
    }

    void look_in(const elf::ElfFile& holder, const std::optional<elf::SymbolTable>& table) {
        if (!table) {
            return;
        }
        for_each_symbol(holder, *table, types(STT_FUNC, STT_NOTYPE),
                        [&](const NamedSymbol& symbol) { return look_at(symbol); });
    }

    bool all_found() const {
        return std::none_of(found_.functions.begin(), found_.functions.end(),
                            [](const auto& functions) { return functions.empty(); });
    }

    /// No table will have more than those looked in.
    bool is_satisfied() const {
        return all_found() && std::none_of(patterns_.begin(), patterns_.end(), [](const auto& p) {
                   return p.is_prefix() || p.text().find("::") != std::string::npos;
               });
    }

    void sort() {
        for (std::vector<Function>& functions : found_.functions) {
            std::stable_sort(
                functions.begin(), functions.end(),
                [](const Function& a, const Function& b) { return a.address < b.address; });
        }
    }

  private:
    bool look_at(const NamedSymbol& symbol) {
        const auto base = without_suffix(symbol.name);
        if (!base) {
            return true;
        }
        const bool costly = demangled_text_ > max_demangled_text || is_too_complex(*base);
        std::optional<Demangled> demangled;
        bool tried = false;
        for (std::size_t i = 0; i < patterns_.size(); ++i) {
            const Pattern& pattern = patterns_[i];
            bool matches = pattern.matches_symbol(symbol.name, *base) &&
                           (symbol.type == STT_FUNC || symbol.name == pattern.text());
            if (!matches && symbol.type == STT_FUNC && pattern.is_worth_demangling(*base)) {
                found_.too_complex[i] += costly ? 1 : 0;
                if (!tried && !costly) {
                    tried = true;
                    demangled = demangle_counted(*base);
                }
                matches = demangled && pattern.matches(*demangled);
            }
            if (matches) {
                add(i, symbol, *base);
            }
        }
        return true;
    }

    std::optional<Demangled> demangle_counted(std::string_view base) {
        auto demangled = demangle(std::string(base));
        demangled_text_ += base.size();
        demangled_text_ += demangled ? demangled->full.size() + demangled->name.size() : 0;
        return demangled;
    }

    void add(std::size_t index, const NamedSymbol& symbol, std::string_view base) {
        std::vector<Function>& functions = found_.functions[index];
        const auto known =
            std::find_if(functions.begin(), functions.end(), [&](const Function& function) {
                return function.address == symbol.address;
            });
        if (known != functions.end() || !file_.is_code(symbol.address)) {
            return;
        }
        if (functions.size() >= max_functions) {
            ++found_.beyond_limit;
            return;
        }
        const auto demangled = demangle(std::string(base));
        const std::uint64_t available = file_.contiguous_from(symbol.address);
        functions.push_back({std::string(symbol.name),
                             elf::printable(demangled ? demangled->full : symbol.name),
                             symbol.address, std::min(symbol.size, available)});
    }

    const elf::ElfFile& file_;
    std::vector<Pattern> patterns_;
    FoundFunctions& found_;
    std::size_t demangled_text_ = 0;
};

} // namespace

FoundFunctions find_functions(const elf::ElfFile& file, std::span<const std::string> patterns,
                              const std::optional<FileSystem>& where) {
    FoundFunctions found;
    Search search(file, patterns, found);
    const auto own = file.symbol_table();
    search.look_in(file, own);
    found.all_names_known = own.has_value();
    if (!own || !search.all_found()) {
        search.look_in(file, file.dynamic_symbol_table());
    }
    if (!own && !search.is_satisfied()) {
        if (const auto mini = mini_symbols(file); !mini) {
            found.debug_file_note = mini.error().message;
        } else if (const std::optional<EmbeddedFile>& embedded = *mini) {
            search.look_in(embedded->file, embedded->file.symbol_table());
            found.all_names_known = true;
        }
    }
    if (where && !found.all_names_known && !search.is_satisfied()) {
        if (const auto debug = find_debug_file(file, *where)) {
            const auto table = debug->file.symbol_table();
            search.look_in(debug->file, table);
            found.all_names_known = table.has_value();
        } else {
            found.debug_file_note +=
                (found.debug_file_note.empty() ? "" : "; ") + debug.error().message;
        }
    }
    search.sort();
    return found;
}

Error missing_function(std::span<const std::string> patterns, std::size_t index,
                       const FoundFunctions& found) {
    const std::string name = "function " + elf::printable(patterns[index]);
    const std::size_t too_complex = found.too_complex[index];
    if (too_complex != 0) {
        return {"name_too_complex", "no " + name + "; " + std::to_string(too_complex) +
                                        " names with its words are too complex to be demangled: "
                                        "give the mangled name"};
    }
    if (!found.all_names_known) {
        const std::string& note = found.debug_file_note;
        return {"stripped", "no exported " + name + ", and the file has no names of others" +
                                (note.empty() ? "" : " (" + note + ")")};
    }
    return {"no_such_function", "no " + name + " in the file's symbol tables"};
}

} // namespace holter::symbols
