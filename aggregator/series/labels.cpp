// SPDX-License-Identifier: Apache-2.0
#include "aggregator/series/labels.h"

#include <cstdint>

namespace holter::aggregator {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

/// Length of the well-formed UTF-8 character that `text` begins with; 0 when there is none.
std::size_t character_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const auto continues = [&](std::size_t i, std::uint8_t low = 0x80, std::uint8_t high = 0xBF) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const std::uint8_t first = byte(0);
    if (first == 0)
        return 0;
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return continues(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        // Neither overlong forms nor surrogates.
        const std::uint8_t low = first == 0xE0 ? 0xA0 : 0x80;
        const std::uint8_t high = first == 0xED ? 0x9F : 0xBF;
        return continues(1, low, high) && continues(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const std::uint8_t low = first == 0xF0 ? 0x90 : 0x80;
        const std::uint8_t high = first == 0xF4 ? 0x8F : 0xBF;
        return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

} // namespace

std::string clean_label(std::string_view raw) {
    std::string clean;
    while (!raw.empty()) {
        const std::size_t length = character_length(raw);
        const std::string_view character = length == 0 ? replacement : raw.substr(0, length);
        if (clean.size() + character.size() > longest_label)
            break;
        clean += character;
        raw.remove_prefix(length == 0 ? 1 : length);
    }
    return clean;
}

Service clean_service(const Service& raw) {
    return {clean_label(raw.service_name), clean_label(raw.namespace_), clean_label(raw.pod),
            clean_label(raw.container)};
}

} // namespace holter::aggregator
