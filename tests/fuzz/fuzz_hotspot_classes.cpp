// SPDX-License-Identifier: Apache-2.0
//
// libjvm's tables for debuggers, and what they lead to, in the memory of a target. Input: that
// memory, from `base` on; the variables that lead to the tables are its first words.
#include "loader/resolve/hotspot_classes.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holter;
    constexpr std::uint64_t base = 0x10000;
    std::map<std::string, std::uint64_t> addresses;
    for (const auto& name : resolve::HotspotClasses::variables())
        addresses[name] = base + 8 * addresses.size();
    std::size_t reads = 0;
    auto classes = resolve::HotspotClasses::open(
        [&](std::uint64_t address, std::span<std::byte> out) {
            ++reads;
            if (address < base || address - base > size || size - (address - base) < out.size())
                return false;
            std::memcpy(out.data(), data + (address - base), out.size());
            return true;
        },
        addresses);
    // 7 variables, and 5 members and 4 pieces of text of at most 4096 entries.
    if (reads > 7 + std::size_t{4096} * 9)
        std::abort();
    if (!classes)
        return 0;
    for (const std::uint32_t compressed : {0U, 16U, 32U, 0xffffffffU})
        for (const char character : classes->name_of(compressed))
            if (static_cast<unsigned char>(character) < 0x20)
                std::abort();
    return 0;
}
