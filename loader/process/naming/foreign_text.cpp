// SPDX-License-Identifier: Apache-2.0
#include "loader/process/naming/foreign_text.h"

#include <cstdint>

namespace holter::process {
namespace {

/// Bytes of the well-formed sequence (Unicode 15, table 3-7) that `text` begins with; 0: malformed.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
    };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    std::size_t length = 0;
    std::uint8_t low = 0x80; // of the second byte
    std::uint8_t high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3;
        low = lead == 0xe0 ? 0xa0 : low;   // overlong
        high = lead == 0xed ? 0x9f : high; // surrogates
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4;
        low = lead == 0xf0 ? 0x90 : low;   // overlong
        high = lead == 0xf4 ? 0x8f : high; // beyond U+10FFFF
    } else {
        return 0;
    }
    if (byte(1) < low || byte(1) > high) {
        return 0;
    }
    for (std::size_t i = 2; i < length; ++i) {
        if (byte(i) < 0x80 || byte(i) > 0xbf) {
            return 0;
        }
    }
    return length;
}

} // namespace

std::string clean_text(std::string_view text, std::size_t limit) {
    constexpr std::string_view replacement = "\xef\xbf\xbd";
    std::string clean;
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        const auto first = static_cast<std::uint8_t>(text.front());
        const bool control = length == 1 ? (first < 0x20 || first == 0x7f)
                                         : (length == 2 && first == 0xc2 &&
                                            static_cast<std::uint8_t>(text[1]) < 0xa0);
        const std::string_view piece =
            length == 0 || control ? replacement : text.substr(0, length);
        if (clean.size() + piece.size() > limit) {
            break;
        }
        clean += piece;
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return clean;
}

} // namespace holter::process
