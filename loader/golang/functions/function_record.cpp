// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/functions/function_record.h"

#include "loader/elf/bytes.h"

namespace holter::golang {
namespace {

using elf::load;

constexpr std::size_t word = sizeof(std::uint32_t);
constexpr std::size_t entry_size = 2 * word;
constexpr std::size_t name_at = 4;
constexpr std::size_t pcdata_count_at = 28;
constexpr std::size_t fixed_size_1_18 = 40;
constexpr std::size_t fixed_size_1_20 = 44; // startLine before the four last bytes
constexpr std::size_t inline_index_pcdata = 2;
constexpr std::size_t inline_tree_funcdata = 3;
constexpr std::uint32_t no_funcdata = UINT32_MAX;
constexpr std::uint32_t max_pcdata = 64; // Go has five kinds

} // namespace

std::optional<FunctabEntry> read_entry(const Pclntab& pclntab, elf::Window& window,
                                       std::uint64_t index) {
    const auto bytes = window.at(pclntab.functions + index * entry_size, entry_size + word);
    if (bytes.empty()) {
        return std::nullopt;
    }
    return FunctabEntry{load<std::uint32_t>(bytes, 0), load<std::uint32_t>(bytes, 2 * word),
                        load<std::uint32_t>(bytes, word)};
}

std::optional<FunctionRecord> read_record(const Pclntab& pclntab, elf::Window& window,
                                          std::uint32_t offset) {
    const std::size_t fixed = pclntab.has_start_line ? fixed_size_1_20 : fixed_size_1_18;
    const std::uint64_t begin = pclntab.functions + offset;
    const auto header = window.at(begin, fixed);
    if (header.empty()) {
        return std::nullopt;
    }
    FunctionRecord record;
    record.name = load<std::uint32_t>(header, name_at);
    record.function_id = load<unsigned char>(header, fixed - 4);
    const auto pcdata_count = load<std::uint32_t>(header, pcdata_count_at);
    const auto funcdata_count = load<unsigned char>(header, fixed - 1);
    if (pcdata_count <= inline_index_pcdata || funcdata_count <= inline_tree_funcdata) {
        return record;
    }
    const std::size_t length = (std::size_t{pcdata_count} + inline_tree_funcdata + 1) * word;
    const auto data = pcdata_count <= max_pcdata ? window.at(begin + fixed, length)
                                                 : std::span<const std::byte>{};
    if (data.empty()) {
        return std::nullopt;
    }
    const auto tree = load<std::uint32_t>(data, length - word);
    const auto index = load<std::uint32_t>(data, inline_index_pcdata * word);
    if (tree != no_funcdata && index != 0) {
        record.inline_tree = tree;
        record.inline_index = index;
    }
    return record;
}

} // namespace holter::golang
