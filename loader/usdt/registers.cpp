// SPDX-License-Identifier: Apache-2.0
#include "loader/usdt/registers.h"

#include <charconv>
#include <iterator>

namespace holter::usdt {
namespace {

struct X86Register {
    std::string_view names[5]; ///< 8, 4, 2 and 1 bytes wide, and the second byte
    std::uint16_t offset;
};

constexpr X86Register x86_registers[] = {
    {{"r15", "r15d", "r15w", "r15b", ""}, 0},  {{"r14", "r14d", "r14w", "r14b", ""}, 8},
    {{"r13", "r13d", "r13w", "r13b", ""}, 16}, {{"r12", "r12d", "r12w", "r12b", ""}, 24},
    {{"rbp", "ebp", "bp", "bpl", ""}, 32},     {{"rbx", "ebx", "bx", "bl", "bh"}, 40},
    {{"r11", "r11d", "r11w", "r11b", ""}, 48}, {{"r10", "r10d", "r10w", "r10b", ""}, 56},
    {{"r9", "r9d", "r9w", "r9b", ""}, 64},     {{"r8", "r8d", "r8w", "r8b", ""}, 72},
    {{"rax", "eax", "ax", "al", "ah"}, 80},    {{"rcx", "ecx", "cx", "cl", "ch"}, 88},
    {{"rdx", "edx", "dx", "dl", "dh"}, 96},    {{"rsi", "esi", "si", "sil", ""}, 104},
    {{"rdi", "edi", "di", "dil", ""}, 112},    {{"rip", "", "", "", ""}, 128},
    {{"rsp", "esp", "sp", "spl", ""}, 152},
};
constexpr std::uint8_t x86_widths[] = {8, 4, 2, 1, 1};
constexpr std::size_t second_byte = 4;

constexpr unsigned arm64_numbered = 31; // x0 … x30
constexpr std::uint16_t arm64_sp = 248;
constexpr std::uint16_t arm64_pc = 256;

std::optional<Register> find_x86(std::string_view name) {
    for (const X86Register& entry : x86_registers) {
        for (std::size_t i = 0; i < std::size(entry.names); ++i) {
            if (!name.empty() && entry.names[i] == name) {
                const bool second = i == second_byte;
                return Register{static_cast<std::uint16_t>(entry.offset + (second ? 1 : 0)),
                                x86_widths[i]};
            }
        }
    }
    return std::nullopt;
}

std::optional<Register> find_arm64(std::string_view name) {
    if (name == "sp" || name == "wsp") {
        return Register{arm64_sp, static_cast<std::uint8_t>(name == "sp" ? 8 : 4)};
    }
    if (name == "xzr" || name == "wzr") {
        return Register{0, static_cast<std::uint8_t>(name == "xzr" ? 8 : 4), true};
    }
    if (name == "fp" || name == "lr") {
        return Register{static_cast<std::uint16_t>(8 * (name == "fp" ? 29 : 30))};
    }
    if (name.size() < 2 || name.size() > 3 || (name[0] != 'x' && name[0] != 'w')) {
        return std::nullopt;
    }
    unsigned number = 0;
    const char* end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + 1, end, number);
    if (error != std::errc() || stop != end || number >= arm64_numbered ||
        (name[1] == '0' && name.size() > 2)) {
        return std::nullopt;
    }
    return Register{static_cast<std::uint16_t>(8 * number),
                    static_cast<std::uint8_t>(name[0] == 'x' ? 8 : 4)};
}

} // namespace

std::optional<Register> find_register(elf::Machine machine, std::string_view name) {
    return machine == elf::Machine::x86_64 ? find_x86(name) : find_arm64(name);
}

std::uint16_t instruction_pointer(elf::Machine machine) {
    return machine == elf::Machine::x86_64 ? 128 : arm64_pc;
}

std::uint16_t stack_pointer(elf::Machine machine) {
    return machine == elf::Machine::x86_64 ? 152 : arm64_sp;
}

std::string register_name(elf::Machine machine, std::uint16_t offset) {
    if (machine == elf::Machine::arm64) {
        if (offset == arm64_sp || offset == arm64_pc) {
            return offset == arm64_sp ? "sp" : "pc";
        }
        return offset % 8 == 0 && offset / 8U < arm64_numbered ? "x" + std::to_string(offset / 8)
                                                               : "?";
    }
    for (const X86Register& entry : x86_registers) {
        if (entry.offset == offset) {
            return std::string(entry.names[0]);
        }
        if (entry.offset + 1 == offset && !entry.names[second_byte].empty()) {
            return std::string(entry.names[second_byte]);
        }
    }
    return "?";
}

} // namespace holter::usdt
