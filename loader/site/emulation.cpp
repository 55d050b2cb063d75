// SPDX-License-Identifier: Apache-2.0
#include "loader/site/emulation.h"

#include "loader/site/arm64.h"

namespace holter::site {

namespace {

/// Prefixes for which no uprobe is accepted: lock, and the segments es, cs, ss, ds.
bool has_refused_prefix(const cs_x86& x86) {
    const std::uint8_t segment = x86.prefix[1];
    return x86.prefix[0] == 0xf0 || segment == 0x26 || segment == 0x2e || segment == 0x36 ||
           segment == 0x3e;
}

bool is_trap_or_system(const cs_x86& x86) {
    switch (x86.opcode[0]) {
    case 0xcc: // int3
    case 0xcd: // int
    case 0xf1: // int1
    case 0xf4: // hlt
        return true;
    case 0x0f:
        return x86.opcode[1] == 0x05 || x86.opcode[1] == 0x0b || x86.opcode[1] == 0x34;
    default:
        return false;
    }
}

bool is_x86_relative_branch(const cs_x86& x86) {
    const std::uint8_t opcode = x86.opcode[0];
    return opcode == 0xe8 || opcode == 0xe9 || opcode == 0xeb || (opcode & 0xf0) == 0x70 ||
           (opcode == 0x0f && (x86.opcode[1] & 0xf0) == 0x80);
}

bool is_emulated_push(const Instruction& instruction) {
    const cs_x86& x86 = instruction.x86();
    if (x86.opcode[0] < 0x50 || x86.opcode[0] > 0x57) {
        return false;
    }
    return instruction.size() == 1 || (instruction.size() == 2 && x86.rex == 0x41);
}

Handling handling_x86(const Instruction& instruction) {
    const cs_x86& x86 = instruction.x86();
    if (has_refused_prefix(x86) || is_trap_or_system(x86)) {
        return Handling::unsafe;
    }
    if (is_nop(instruction)) {
        if (instruction.size() == 5) {
            return Handling::unsafe;
        }
        return instruction.size() == 1 ? Handling::emulated : Handling::stepped;
    }
    if (is_x86_relative_branch(x86)) {
        return x86.prefix[2] == 0x66 ? Handling::unsafe : Handling::emulated;
    }
    return is_emulated_push(instruction) ? Handling::emulated : Handling::stepped;
}

Handling handling_arm64(std::uint32_t word) {
    if (arm64::is_b(word) || arm64::is_bl(word) || arm64::is_conditional_branch(word) ||
        arm64::is_br(word) || arm64::is_blr(word) || arm64::is_ret(word) || arm64::is_adr(word) ||
        arm64::is_adrp(word)) {
        return Handling::emulated;
    }
    if (arm64::is_branch_register(word) || arm64::is_load_literal(word) ||
        arm64::is_exclusive(word) || arm64::is_exception(word) || arm64::is_system_write(word)) {
        return Handling::unsafe;
    }
    return Handling::stepped;
}

} // namespace

Handling handling(Machine machine, const Instruction& instruction) {
    return machine == Machine::x86_64 ? handling_x86(instruction)
                                      : handling_arm64(instruction.word());
}

} // namespace holter::site
