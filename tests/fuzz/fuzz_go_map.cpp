// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the memory of a target, with a map at its beginning. The first byte says which
// format and which sizes.
#include "loader/golang/connections/memory/go_map.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace holter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1)
        return 0;
    const unsigned choice = data[0];
    const std::span<const std::byte> memory(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
    constexpr std::uint64_t base = 0x1000;
    const auto read = [&](std::uint64_t address, std::span<std::byte> out) {
        const std::uint64_t offset = address - base;
        if (offset > memory.size() || out.size() > memory.size() - offset)
            return false;
        std::copy_n(memory.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
        return true;
    };
    const golang::TargetMemory target{read, {}};
    const auto format = (choice & 1) != 0 ? golang::MapFormat::groups : golang::MapFormat::buckets;
    const golang::MapTypes types{(choice & 2) != 0 ? std::size_t{16} : std::size_t{8},
                                 (choice & 4) != 0 ? std::size_t{8} : std::size_t{0}};
    golang::WalkBudget budget;
    std::size_t visited = 0;
    golang::for_each_entry(
        target, format, base, types, budget,
        [&](std::span<const std::byte>, std::span<const std::byte>) { ++visited; });
    if (visited + budget.entries != golang::max_map_entries)
        std::abort();
    golang::map_length(target, base);
    return 0;
}
