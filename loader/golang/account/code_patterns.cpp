// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/account/code_patterns.h"

#include "loader/site/decoder.h"

#include <algorithm>

namespace holter::golang::patterns {

namespace {

using site::Decoder;
using site::Flow;
using site::Instruction;

const cs_x86_op* operand(const Instruction& instruction, std::size_t index) {
    const cs_x86& x86 = instruction.x86();
    return index < x86.op_count ? &x86.operands[index] : nullptr;
}

bool is_register(const cs_x86_op* op) {
    return op != nullptr && op->type == X86_OP_REG;
}

bool is_rip_relative(const cs_x86_op* op, std::size_t size) {
    return op != nullptr && op->type == X86_OP_MEM && op->mem.base == X86_REG_RIP &&
           op->size == size;
}

bool holds_first_argument(std::uint16_t reg) {
    return reg == X86_REG_RAX || reg == X86_REG_EAX || reg == X86_REG_AX || reg == X86_REG_AL ||
           reg == X86_REG_AH;
}

/// What `lea reg, [rip + x]` does; no register for any other instruction.
struct Pointer {
    x86_reg reg = X86_REG_INVALID;
    Address variable = 0;
};

Pointer loaded_address(const Instruction& instruction) {
    const std::optional<Address> variable = rip_relative(instruction);
    if (instruction.id() != X86_INS_LEA || !variable || !is_register(operand(instruction, 0))) {
        return {};
    }
    return {operand(instruction, 0)->reg, *variable};
}

} // namespace

std::vector<std::optional<Address>> first_arguments(const site::Code& code, Address callee) {
    std::vector<std::optional<Address>> arguments;
    std::optional<Address> argument;
    Decoder decoder(code);
    while (const std::optional<Instruction> instruction = decoder.next()) {
        if (instruction->flow == Flow::call && instruction->target == callee) {
            arguments.push_back(argument);
        }
        const Pointer pointer = loaded_address(*instruction);
        if (pointer.reg == X86_REG_RAX) {
            argument = pointer.variable;
        } else if (instruction->flow == Flow::call || instruction->flow == Flow::jump ||
                   instruction->flow == Flow::leave ||
                   (argument && decoder.writes(*instruction, holds_first_argument))) {
            argument.reset();
        }
    }
    return arguments;
}

std::vector<Address> counted_up(const site::Code& code) {
    std::vector<Address> variables;
    Decoder decoder(code);
    while (const std::optional<Instruction> instruction = decoder.next()) {
        if (instruction->id() == X86_INS_INC && is_rip_relative(operand(*instruction, 0), 4)) {
            variables.push_back(*rip_relative(*instruction));
        }
    }
    return variables;
}

std::vector<Address> added_to(const site::Code& code, std::optional<Address> after_call) {
    std::vector<Address> variables;
    bool here = !after_call;
    Decoder decoder(code);
    while (const std::optional<Instruction> instruction = decoder.next()) {
        if (after_call && instruction->flow == Flow::call) {
            here = instruction->target == after_call;
        }
        if (here && instruction->id() == X86_INS_ADD &&
            is_rip_relative(operand(*instruction, 0), 8) && is_register(operand(*instruction, 1))) {
            variables.push_back(*rip_relative(*instruction));
        }
    }
    return variables;
}

std::vector<Address> exchanged(const site::Code& code) {
    std::vector<Address> variables;
    Pointer pointer;
    Decoder decoder(code);
    while (const std::optional<Instruction> instruction = decoder.next()) {
        const cs_x86_op* destination = operand(*instruction, 0);
        if (instruction->id() == X86_INS_XCHG && pointer.reg != X86_REG_INVALID &&
            destination != nullptr && destination->type == X86_OP_MEM &&
            destination->mem.base == pointer.reg && destination->mem.disp == 0) {
            variables.push_back(pointer.variable);
        }
        pointer = loaded_address(*instruction);
    }
    return variables;
}

std::vector<Address> loaded(const site::Code& code) {
    std::vector<Address> variables;
    Decoder decoder(code);
    while (const std::optional<Instruction> instruction = decoder.next()) {
        if (instruction->id() == X86_INS_MOV && is_register(operand(*instruction, 0)) &&
            is_rip_relative(operand(*instruction, 1), 8)) {
            variables.push_back(*rip_relative(*instruction));
        }
    }
    return variables;
}

std::vector<Address> slices_loaded(const site::Code& code) {
    constexpr Address word = 8;
    const std::vector<Address> words = loaded(code);
    std::vector<Address> slices;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto [low, high] = std::minmax(words[i - 1], words[i]);
        if (high - low == word) {
            slices.push_back(low);
        }
    }
    std::sort(slices.begin(), slices.end());
    slices.erase(std::unique(slices.begin(), slices.end()), slices.end());
    return slices;
}

} // namespace holter::golang::patterns
