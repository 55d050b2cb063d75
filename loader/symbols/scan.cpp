// SPDX-License-Identifier: Apache-2.0
#include "loader/symbols/scan.h"

#include "loader/elf/bytes.h"
#include "loader/elf/window.h"

#include <algorithm>
#include <vector>

namespace holter::symbols {
namespace {

// 32 bytes each.
constexpr std::size_t batch_size = std::size_t{1} << 18;
// The largest binaries known to us have some three millions.
constexpr std::uint64_t max_symbols = std::uint64_t{1} << 23;
constexpr std::size_t max_name = 4096;

struct Entry {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    std::uint32_t name = 0; ///< offset into the string table
    std::uint8_t type = 0;
    bool local = false;
};

std::uint64_t range_end(std::uint64_t begin, std::uint64_t size) {
    return size > UINT64_MAX - begin ? UINT64_MAX : begin + size;
}

/// Visits one batch; false when the visitor wants no more.
bool visit_batch(elf::Window& strings, std::vector<Entry>& batch,
                 const std::function<bool(const NamedSymbol&)>& visit) {
    std::sort(batch.begin(), batch.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
    for (const Entry& entry : batch) {
        const std::uint64_t size = strings.end() - strings.begin();
        if (entry.name >= size) {
            break; // and all that follow
        }
        const auto available =
            static_cast<std::size_t>(std::min<std::uint64_t>(max_name + 1, size - entry.name));
        const auto bytes = strings.at(strings.begin() + entry.name, available);
        const void* nul = bytes.empty() ? nullptr : std::memchr(bytes.data(), 0, bytes.size());
        if (nul == nullptr || nul == bytes.data()) {
            continue;
        }
        const auto* text = reinterpret_cast<const char*>(bytes.data());
        const auto length = static_cast<std::size_t>(static_cast<const char*>(nul) - text);
        if (!visit({{text, length}, entry.address, entry.size, entry.type, entry.local})) {
            return false;
        }
    }
    batch.clear();
    return true;
}

} // namespace

void for_each_symbol(const elf::ElfFile& file, const elf::SymbolTable& table,
                     std::uint32_t wanted_types,
                     const std::function<bool(const NamedSymbol&)>& visit) {
    elf::Window symbols(file, table.symbols, range_end(table.symbols, table.symbols_size));
    elf::Window strings(file, table.strings, range_end(table.strings, table.strings_size));
    std::vector<Entry> batch;
    const std::uint64_t count =
        std::min((symbols.end() - symbols.begin()) / sizeof(Elf64_Sym), max_symbols);
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto bytes = symbols.at(symbols.begin() + i * sizeof(Elf64_Sym), sizeof(Elf64_Sym));
        if (bytes.empty()) {
            break; // the file became shorter
        }
        const auto symbol = elf::load<Elf64_Sym>(bytes, 0);
        const std::uint8_t type = ELF64_ST_TYPE(symbol.st_info);
        if (symbol.st_shndx == SHN_UNDEF || (wanted_types >> type & 1U) == 0) {
            continue;
        }
        batch.push_back({symbol.st_value, symbol.st_size, symbol.st_name, type,
                         ELF64_ST_BIND(symbol.st_info) == STB_LOCAL});
        if (batch.size() == batch_size && !visit_batch(strings, batch, visit)) {
            return;
        }
    }
    visit_batch(strings, batch, visit);
}

} // namespace holter::symbols
