// SPDX-License-Identifier: Apache-2.0
//
// A few names among tens of thousands of symbols. The string table is read once to learn
// where the wanted names are (linkers merge tails, so `foo` may be the end of `barfoo`);
// after that a symbol is ours if its number is among them, and no other name is looked at.
#include "loader/elf/bytes.h"
#include "loader/elf/elf_file.h"
#include "loader/elf/strings.h"
#include "loader/elf/window.h"

#include <algorithm>
#include <bitset>
#include <elf.h>
#include <iterator>
#include <unordered_map>

namespace holter::elf {
namespace {

constexpr std::size_t max_name = 4096;
// Distinct places of one string table where wanted names end; a real table has one per name, a
// hostile one should not fill our memory.
constexpr std::size_t max_places = 1 << 16;

/// string table offset -> index of the wanted name that stands there
using Places = std::unordered_map<std::uint32_t, std::size_t>;

std::uint64_t saturated_sum(std::uint64_t a, std::uint64_t b) {
    return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

std::size_t tail_key(const char* end) {
    return static_cast<std::size_t>(static_cast<unsigned char>(end[-1])) << 8U |
           static_cast<unsigned char>(end[-2]);
}

class NameSet {
  public:
    explicit NameSet(std::span<const std::string> names) : names_(names) {
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (names[i].size() < 2 || names[i].size() > max_name) {
                continue;
            }
            const std::size_t key = tail_key(names[i].data() + names[i].size());
            present_.set(key);
            by_tail_[key].push_back(i);
            longest_ = std::max(longest_, names[i].size());
        }
    }

    std::size_t longest() const { return longest_; }

    /// Adds the wanted names that end where `text`, which ends at table offset `end`, ends.
    void match(std::string_view text, std::uint64_t end, Places& places) const {
        if (text.size() < 2) {
            return;
        }
        const std::size_t key = tail_key(text.data() + text.size());
        if (!present_.test(key) || places.size() >= max_places) {
            return;
        }
        for (const std::size_t i : by_tail_.at(key)) {
            if (text.ends_with(names_[i]) && end - names_[i].size() <= UINT32_MAX) {
                places.emplace(static_cast<std::uint32_t>(end - names_[i].size()), i);
            }
        }
    }

  private:
    std::span<const std::string> names_;
    std::bitset<65536> present_;
    std::unordered_map<std::size_t, std::vector<std::size_t>> by_tail_;
    std::size_t longest_ = 0;
};

Places find_places(const ElfFile& file, const SymbolTable& table, const NameSet& names) {
    Places places;
    Window window(file, table.strings, saturated_sum(table.strings, table.strings_size));
    for_each_string(window, names.longest(), [&](std::string_view text, std::uint64_t offset) {
        names.match(text, offset + text.size(), places);
    });
    return places;
}

void search(const ElfFile& file, const SymbolTable& table, std::span<const std::string> names,
            std::map<std::string, Symbol>& found) {
    const NameSet wanted(names);
    const Places places = find_places(file, table, wanted);
    if (places.empty()) {
        return;
    }
    std::bitset<65536> filter;
    for (const auto& [offset, index] : places) {
        filter.set(offset % filter.size());
    }
    std::vector<bool> global(names.size());
    Window window(file, table.symbols, saturated_sum(table.symbols, table.symbols_size));
    for (std::uint64_t offset = window.begin();; offset += sizeof(Elf64_Sym)) {
        const auto bytes = window.at(offset, sizeof(Elf64_Sym));
        if (bytes.empty()) {
            return;
        }
        const auto symbol = load<Elf64_Sym>(bytes, 0);
        if (!filter.test(symbol.st_name % filter.size()) || symbol.st_shndx == SHN_UNDEF) {
            continue;
        }
        const auto place = places.find(symbol.st_name);
        if (place == places.end()) {
            continue;
        }
        const std::size_t index = place->second;
        const bool is_global = ELF64_ST_BIND(symbol.st_info) != STB_LOCAL;
        if (!found.contains(names[index]) || (is_global && !global[index])) {
            found[names[index]] = {symbol.st_value, symbol.st_size,
                                   static_cast<std::uint8_t>(ELF64_ST_TYPE(symbol.st_info))};
            global[index] = is_global;
        }
    }
}

std::optional<SymbolTable> from_sections(const ElfFile& file, std::uint32_t type) {
    for (const Section& symbols : file.sections()) {
        if (symbols.type == type && symbols.link < file.sections().size()) {
            const Section& strings = file.sections()[symbols.link];
            return SymbolTable{symbols.offset, symbols.size, strings.offset, strings.size};
        }
    }
    return std::nullopt;
}

/// The number of dynamic symbols is told by the hash tables only: DT_HASH says it, DT_GNU_HASH ends
/// its last chain with an odd number.
std::uint64_t count_by_hash(const ElfFile& file, std::optional<std::uint64_t> hash,
                            std::optional<std::uint64_t> gnu_hash) {
    constexpr std::size_t word = sizeof(std::uint32_t);
    if (hash) {
        const auto header = file.at_address(*hash, 2 * word);
        return header ? load<std::uint32_t>(*header, word) : 0;
    }
    const auto header = gnu_hash ? file.at_address(*gnu_hash, 4 * word) : std::nullopt;
    if (!header) {
        return 0;
    }
    const std::uint64_t buckets = load<std::uint32_t>(*header, 0);
    const std::uint64_t first_hashed = load<std::uint32_t>(*header, word);
    const std::uint64_t bloom_words = load<std::uint32_t>(*header, 2 * word);
    const std::uint64_t table = *gnu_hash + 4 * word + 8 * bloom_words;
    const auto heads = file.at_address(table, buckets * word);
    std::uint64_t last = 0;
    for (std::size_t i = 0; heads && i < buckets; ++i) {
        last = std::max<std::uint64_t>(last, load<std::uint32_t>(*heads, i * word));
    }
    if (last < first_hashed) {
        return first_hashed;
    }
    const std::uint64_t chain = table + buckets * word + (last - first_hashed) * word;
    const auto begin = file.offset_of(chain);
    Window window(file, begin.value_or(0), begin.value_or(0) + file.contiguous_from(chain));
    for (std::uint64_t offset = window.begin();; offset += word, ++last) {
        const auto bytes = window.at(offset, word);
        if (bytes.empty()) {
            return 0;
        }
        if ((load<std::uint32_t>(bytes, 0) & 1U) != 0) {
            return last + 1;
        }
    }
}

std::optional<SymbolTable> from_dynamic(const ElfFile& file,
                                        const std::map<std::int64_t, std::uint64_t>& dynamic) {
    const auto value = [&](std::int64_t tag) {
        const auto entry = dynamic.find(tag);
        return entry == dynamic.end() ? std::nullopt : std::optional(entry->second);
    };
    const auto symbols = value(DT_SYMTAB);
    const auto strings = value(DT_STRTAB);
    const auto strings_size = value(DT_STRSZ);
    if (!symbols || !strings || !strings_size) {
        return std::nullopt;
    }
    const auto symbols_offset = file.offset_of(*symbols);
    const auto strings_offset = file.offset_of(*strings);
    if (!symbols_offset || !strings_offset) {
        return std::nullopt;
    }
    const std::uint64_t count = count_by_hash(file, value(DT_HASH), value(DT_GNU_HASH));
    return SymbolTable{*symbols_offset, count * sizeof(Elf64_Sym), *strings_offset, *strings_size};
}

} // namespace

std::optional<SymbolTable> ElfFile::symbol_table() const {
    return from_sections(*this, SHT_SYMTAB);
}

std::optional<SymbolTable> ElfFile::dynamic_symbol_table() const {
    auto table = from_sections(*this, SHT_DYNSYM);
    return table ? table : from_dynamic(*this, dynamic_);
}

std::map<std::string, Symbol> ElfFile::find_symbols(std::span<const std::string> names) const {
    std::map<std::string, Symbol> found;
    if (const auto table = symbol_table()) {
        search(*this, *table, names, found);
    }
    std::vector<std::string> missing;
    std::copy_if(names.begin(), names.end(), std::back_inserter(missing),
                 [&](const std::string& name) { return !found.contains(name); });
    if (missing.empty()) {
        return found;
    }
    if (const auto table = dynamic_symbol_table()) {
        search(*this, *table, missing, found);
    }
    return found;
}

} // namespace holter::elf
