// SPDX-License-Identifier: Apache-2.0
//
// The beginning of a Go function on x86-64 (cmd/internal/obj/x86, stacksplit). The frame's size
// decides the form; `g` is in r14, its stack guards at +16 (goroutines) and +24 (system stack):
//
//     small    cmp rsp, [r14+16]                                              ; jbe
//     medium   lea r12, [rsp-N]            ; cmp r12, [r14+16]                ; jbe
//     huge     mov r12, rsp ; sub r12, N   ; jb ; cmp r12, [r14+16]           ; jbe
//     ABI0     mov r14, fs:[-8] and then one of these
//
// Since Go 1.21 the next instruction is `push rbp`. Only registers no argument is in (r12, flags)
// change until then.
#include "loader/site/emulation.h"
#include "loader/site/machine.h"

#include <algorithm>

namespace holter::site::x86_64 {

namespace {

/// The longest form has five instructions before the last branch, and ABI0 two more.
constexpr int longest_check = 8;

bool is_guard_compare(const Instruction& instruction) {
    const cs_x86& x86 = instruction.x86();
    if (instruction.id() != X86_INS_CMP || x86.op_count != 2) {
        return false;
    }
    const cs_x86_op& stack = x86.operands[0];
    const cs_x86_op& guard = x86.operands[1];
    return stack.type == X86_OP_REG && (stack.reg == X86_REG_RSP || stack.reg == X86_REG_R12) &&
           guard.type == X86_OP_MEM && guard.mem.base == X86_REG_R14 &&
           guard.mem.index == X86_REG_INVALID && (guard.mem.disp == 16 || guard.mem.disp == 24);
}

bool is_jump_if_below(const Instruction& instruction) {
    const cs_x86& x86 = instruction.x86();
    return x86.opcode[0] == 0x72 || (x86.opcode[0] == 0x0f && x86.opcode[1] == 0x82);
}

bool is_jump_if_below_or_equal(const Instruction& instruction) {
    const cs_x86& x86 = instruction.x86();
    return x86.opcode[0] == 0x76 || (x86.opcode[0] == 0x0f && x86.opcode[1] == 0x86);
}

/// Computes what is compared, or loads g: writes r12 or r14 and nothing else.
bool is_preparation(const Instruction& instruction) {
    const cs_x86& x86 = instruction.x86();
    if (x86.op_count != 2 || x86.operands[0].type != X86_OP_REG) {
        return false;
    }
    const x86_reg destination = x86.operands[0].reg;
    switch (instruction.id()) {
    case X86_INS_MOV:
        return destination == X86_REG_R12 || destination == X86_REG_R14;
    case X86_INS_LEA:
    case X86_INS_SUB:
        return destination == X86_REG_R12;
    default:
        return false;
    }
}

/// rax, rbx, rcx, rdi, rsi, r8 … r11 in any width: the results of Go's register ABI.
bool holds_result(std::uint16_t reg) {
    switch (reg) {
    case X86_REG_RAX:
    case X86_REG_EAX:
    case X86_REG_AX:
    case X86_REG_AL:
    case X86_REG_AH:
    case X86_REG_RBX:
    case X86_REG_EBX:
    case X86_REG_BX:
    case X86_REG_BL:
    case X86_REG_BH:
    case X86_REG_RCX:
    case X86_REG_ECX:
    case X86_REG_CX:
    case X86_REG_CL:
    case X86_REG_CH:
    case X86_REG_RDI:
    case X86_REG_EDI:
    case X86_REG_DI:
    case X86_REG_DIL:
    case X86_REG_RSI:
    case X86_REG_ESI:
    case X86_REG_SI:
    case X86_REG_SIL:
        return true;
    default:
        return (reg >= X86_REG_R8 && reg <= X86_REG_R11) ||
               (reg >= X86_REG_R8B && reg <= X86_REG_R11B) ||
               (reg >= X86_REG_R8D && reg <= X86_REG_R11D) ||
               (reg >= X86_REG_R8W && reg <= X86_REG_R11W);
    }
}

bool holds_result_or_frame(std::uint16_t reg) {
    return holds_result(reg) || reg == X86_REG_RSP || reg == X86_REG_R14;
}

/// The six integer arguments of the C calling convention in any width, and the stack pointer.
bool holds_argument_or_stack(std::uint16_t reg) {
    switch (reg) {
    case X86_REG_RDI:
    case X86_REG_EDI:
    case X86_REG_DI:
    case X86_REG_DIL:
    case X86_REG_RSI:
    case X86_REG_ESI:
    case X86_REG_SI:
    case X86_REG_SIL:
    case X86_REG_RDX:
    case X86_REG_EDX:
    case X86_REG_DX:
    case X86_REG_DL:
    case X86_REG_DH:
    case X86_REG_RCX:
    case X86_REG_ECX:
    case X86_REG_CX:
    case X86_REG_CL:
    case X86_REG_CH:
    case X86_REG_R8:
    case X86_REG_R8D:
    case X86_REG_R8W:
    case X86_REG_R8B:
    case X86_REG_R9:
    case X86_REG_R9D:
    case X86_REG_R9W:
    case X86_REG_R9B:
    case X86_REG_RSP:
    case X86_REG_ESP:
    case X86_REG_SP:
    case X86_REG_SPL:
        return true;
    default:
        return false;
    }
}

/// Instructions that do nothing but compute a value: no store, no trap, no matter what follows.
bool only_computes(const Instruction& instruction) {
    switch (instruction.id()) {
    case X86_INS_ENDBR64:
    case X86_INS_CMP:
    case X86_INS_TEST:
        return true;
    case X86_INS_MOV:
    case X86_INS_MOVABS:
    case X86_INS_MOVZX:
    case X86_INS_MOVSX:
    case X86_INS_MOVSXD:
    case X86_INS_LEA:
    case X86_INS_XOR:
    case X86_INS_AND:
        return instruction.x86().operands[0].type == X86_OP_REG;
    default:
        return is_nop(instruction);
    }
}

} // namespace

FoundCheck find_stack_check(Decoder& decoder, std::span<const std::uint64_t> morestack) {
    for (int i = 0; i < longest_check; ++i) {
        const std::optional<Instruction> instruction = decoder.next();
        if (!instruction) {
            return std::optional<StackCheck>();
        }
        if (is_guard_compare(*instruction)) {
            const std::optional<Instruction> branch = decoder.next();
            if (!branch || !is_jump_if_below_or_equal(*branch)) {
                return unrecognised();
            }
            const StackCheck check{branch->address, branch->end()};
            if (!leads_to_morestack(decoder, *branch->target, morestack)) {
                return unrecognised();
            }
            return std::optional(check);
        }
        // Of a huge frame: the frame would reach below address zero.
        const bool allowed = is_jump_if_below(*instruction)
                                 ? leads_to_morestack(decoder, *instruction->target, morestack)
                                 : is_preparation(*instruction);
        if (!allowed) {
            break;
        }
    }
    return std::optional<StackCheck>();
}

bool is_push(const Instruction& instruction) {
    return instruction.id() == X86_INS_PUSH && instruction.x86().operands[0].type == X86_OP_REG &&
           handling(Machine::x86_64, instruction) == Handling::emulated;
}

bool keeps_results(const Decoder& decoder, const Instruction& instruction) {
    return instruction.flow == Flow::next && !decoder.writes(instruction, holds_result_or_frame);
}

bool keeps_arguments(const Decoder& decoder, const Instruction& instruction) {
    return instruction.flow == Flow::next && only_computes(instruction) &&
           !decoder.writes(instruction, holds_argument_or_stack);
}

bool is_spill(const Instruction& instruction) {
    switch (instruction.id()) {
    case X86_INS_MOV:
    case X86_INS_MOVSS:
    case X86_INS_MOVSD:
    case X86_INS_MOVUPS:
        return true;
    default:
        return is_nop(instruction);
    }
}

} // namespace holter::site::x86_64
