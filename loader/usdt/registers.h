// SPDX-License-Identifier: Apache-2.0
//
// Names of registers, as assemblers of both machines write them, and where the kernel puts them
// when a probe is hit. Both machines' layouts are the ptrace ABI and never move, so a table serves,
// whatever machine this one is.
#pragma once

#include "loader/elf/elf_file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holter::usdt {

struct Register {
    std::uint16_t offset = 0; ///< byte offset into pt_regs (arm64: user_pt_regs)
    std::uint8_t width = 8;   ///< bytes that the name means; `ah` is one byte, at offset + 1
    bool zero = false;        ///< arm64's xzr and wzr, which are not in pt_regs
};

/// General registers, stack and instruction pointer; without `%`. Others (vector, segment,
/// flags) hold no argument that a program could get at.
std::optional<Register> find_register(elf::Machine machine, std::string_view name);

/// The instruction pointer: at a hit, the address of the instruction under the probe.
std::uint16_t instruction_pointer(elf::Machine machine);
std::uint16_t stack_pointer(elf::Machine machine);

/// The widest name of the register at `offset`; "?" if none is there.
std::string register_name(elf::Machine machine, std::uint16_t offset);

} // namespace holter::usdt
