// SPDX-License-Identifier: Apache-2.0
//
// A64 instructions have one width and few branch encodings, so they are told apart by their bits
// (Arm Architecture Reference Manual, C4.1), which the kernel does too when it decides what to
// simulate. Only text and validity are left to the disassembler.
#pragma once

#include <cstdint>
#include <optional>

namespace holter::site::arm64 {

constexpr bool matches(std::uint32_t word, std::uint32_t mask, std::uint32_t value) {
    return (word & mask) == value;
}

constexpr bool is_b(std::uint32_t word) {
    return matches(word, 0xfc000000, 0x14000000);
}
constexpr bool is_bl(std::uint32_t word) {
    return matches(word, 0xfc000000, 0x94000000);
}
constexpr bool is_b_cond(std::uint32_t word) {
    return matches(word, 0xff000010, 0x54000000);
}
constexpr bool is_compare_branch(std::uint32_t word) {
    return matches(word, 0x7e000000, 0x34000000); // cbz, cbnz
}
constexpr bool is_test_branch(std::uint32_t word) {
    return matches(word, 0x7e000000, 0x36000000); // tbz, tbnz
}
constexpr bool is_br(std::uint32_t word) {
    return matches(word, 0xfffffc1f, 0xd61f0000);
}
constexpr bool is_blr(std::uint32_t word) {
    return matches(word, 0xfffffc1f, 0xd63f0000);
}
constexpr bool is_ret(std::uint32_t word) {
    return matches(word, 0xfffffc1f, 0xd65f0000);
}
constexpr bool is_adr(std::uint32_t word) {
    return matches(word, 0x9f000000, 0x10000000);
}
constexpr bool is_adrp(std::uint32_t word) {
    return matches(word, 0x9f000000, 0x90000000);
}
constexpr bool is_load_literal(std::uint32_t word) {
    return matches(word, 0x3b000000, 0x18000000);
}
constexpr bool is_exclusive(std::uint32_t word) {
    return matches(word, 0x3f000000, 0x08000000);
}
constexpr bool is_exception(std::uint32_t word) {
    return matches(word, 0xff000000, 0xd4000000);
}
constexpr bool is_system_write(std::uint32_t word) {
    return matches(word, 0xfff00000, 0xd5100000) || matches(word, 0xfff8f01f, 0xd500401f); // msr
}

/// Also the pointer-authenticating forms, whose destination is in a register as well.
constexpr bool is_branch_register(std::uint32_t word) {
    return matches(word, 0xfe000000, 0xd6000000);
}
constexpr bool is_return(std::uint32_t word) {
    return is_branch_register(word) && (word >> 21 & 0x7) == 2;
}
constexpr bool is_call(std::uint32_t word) {
    return is_bl(word) || (is_branch_register(word) && (word >> 21 & 0x7) == 1);
}
constexpr bool is_jump(std::uint32_t word) {
    return is_b(word) || (is_branch_register(word) && !is_call(word) && !is_return(word));
}
constexpr bool is_conditional_branch(std::uint32_t word) {
    return is_b_cond(word) || is_compare_branch(word) || is_test_branch(word);
}

/// `width` bits of `word` from bit `low`, as a signed number.
constexpr std::int64_t signed_field(std::uint32_t word, unsigned low, unsigned width) {
    const std::uint64_t field = (std::uint64_t{word} >> low) & ((std::uint64_t{1} << width) - 1);
    const std::uint64_t sign = std::uint64_t{1} << (width - 1);
    return static_cast<std::int64_t>((field ^ sign) - sign);
}

/// Where a direct branch or call at `address` goes.
constexpr std::optional<std::uint64_t> branch_target(std::uint32_t word, std::uint64_t address) {
    std::int64_t words = 0;
    if (is_b(word) || is_bl(word)) {
        words = signed_field(word, 0, 26);
    } else if (is_b_cond(word) || is_compare_branch(word)) {
        words = signed_field(word, 5, 19);
    } else if (is_test_branch(word)) {
        words = signed_field(word, 5, 14);
    } else {
        return std::nullopt;
    }
    return address + static_cast<std::uint64_t>(words * 4);
}

} // namespace holter::site::arm64
