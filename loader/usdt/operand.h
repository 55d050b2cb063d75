// SPDX-License-Identifier: Apache-2.0
//
// One operand in either assembler's notation. arguments.cpp has what the notations share.
#pragma once

#include "loader/usdt/arguments.h"

#include <charconv>
#include <cstdint>

namespace holter::usdt {

/// Why an operand is not readable, in a few words; empty when it is.
using Complaint = std::string;

/// Fills everything but size and SIGNED, which stand before the `@`. `size` is the value's.
Complaint parse_x86_operand(std::string_view text, unsigned size, const ArgumentContext& context,
                            Argument& argument);
Complaint parse_arm64_operand(std::string_view text, unsigned size, const ArgumentContext& context,
                              Argument& argument);

/// The whole of `text` as a number: decimal or 0x…, with an optional sign. Numbers from 2^63 to
/// 2^64 - 1 wrap, as they do in an assembler.
inline std::optional<std::int64_t> parse_number(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        text.remove_prefix(2);
        base = 16;
    }
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc() || stop != end || text.empty()) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(negative ? std::uint64_t{0} - value : value);
}

inline std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) {
        text.remove_prefix(1);
    }
    while (text.ends_with(' ')) {
        text.remove_suffix(1);
    }
    return text;
}

} // namespace holter::usdt
