// SPDX-License-Identifier: Apache-2.0
//
// Tables of zero-terminated strings, front to back.
#pragma once

#include "loader/elf/window.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace holter::elf {

/// Calls `visit(text, offset)` for each terminated string of the window's range, in order; `offset`
/// is where the text begins, counted from the start of the range. Of a string longer than the
/// window only a tail of at least `keep` bytes is shown.
template <typename Visit>
void for_each_string(Window& window, std::size_t keep, const Visit& visit) {
    std::uint64_t offset = window.begin();
    for (;;) {
        const auto bytes = window.from(offset);
        const auto* text = reinterpret_cast<const char*>(bytes.data());
        std::size_t start = 0;
        while (start < bytes.size()) {
            const void* nul = std::memchr(text + start, 0, bytes.size() - start);
            if (nul == nullptr) {
                break;
            }
            const auto stop = static_cast<std::size_t>(static_cast<const char*>(nul) - text);
            visit(std::string_view(text + start, stop - start), offset - window.begin() + start);
            start = stop + 1;
        }
        if (offset + bytes.size() >= window.end() || bytes.empty()) {
            return;
        }
        if (start == 0) {
            start = bytes.size() - std::min(keep, bytes.size() - 1);
        }
        offset += start;
    }
}

} // namespace holter::elf
