// SPDX-License-Identifier: Apache-2.0
#include "loader/site/decoder.h"

#include "loader/site/arm64.h"

#include <algorithm>
#include <cstring>

namespace holter::site {

namespace {

std::uint8_t byte_at(const Instruction& instruction, std::size_t index) {
    return std::to_integer<std::uint8_t>(instruction.bytes[index]);
}

/// The displacement that ends a direct branch: 1 or 4 bytes, counted from the next instruction.
std::optional<std::uint64_t> x86_branch_target(const Instruction& instruction, std::size_t width) {
    if (instruction.size() <= width) {
        return std::nullopt;
    }
    const std::byte* displacement = instruction.bytes.data() + (instruction.size() - width);
    if (width == 1) {
        std::int8_t value = 0;
        std::memcpy(&value, displacement, sizeof value);
        return instruction.end() + static_cast<std::uint64_t>(std::int64_t{value});
    }
    std::int32_t value = 0;
    std::memcpy(&value, displacement, sizeof value);
    return instruction.end() + static_cast<std::uint64_t>(std::int64_t{value});
}

void describe_x86(Instruction& instruction) {
    const cs_x86& x86 = instruction.x86();
    const std::uint8_t opcode = x86.opcode[0];
    const std::uint8_t second = x86.opcode[1];
    // An operand-size prefix makes the length of a branch a matter of the processor's maker.
    if (x86.prefix[2] == 0x66 && (opcode == 0xe8 || opcode == 0xe9)) {
        instruction.flow = Flow::leave;
        return;
    }
    if (opcode == 0xe8) {
        instruction.flow = Flow::call;
        instruction.target = x86_branch_target(instruction, 4);
    } else if (opcode == 0xe9) {
        instruction.flow = Flow::jump;
        instruction.target = x86_branch_target(instruction, 4);
    } else if (opcode == 0xeb) {
        instruction.flow = Flow::jump;
        instruction.target = x86_branch_target(instruction, 1);
    } else if ((opcode & 0xf0) == 0x70 || (opcode & 0xfc) == 0xe0) {
        instruction.flow = Flow::conditional;
        instruction.target = x86_branch_target(instruction, 1);
    } else if (opcode == 0x0f && (second & 0xf0) == 0x80) {
        instruction.flow = Flow::conditional;
        instruction.target = x86_branch_target(instruction, 4);
    } else if (instruction.id() == X86_INS_CALL || instruction.id() == X86_INS_LCALL) {
        instruction.flow = Flow::call;
    } else if (instruction.id() == X86_INS_JMP || instruction.id() == X86_INS_LJMP) {
        instruction.flow = Flow::jump;
    } else if (opcode == 0xc3 || opcode == 0xc2 || opcode == 0xcb || opcode == 0xca ||
               opcode == 0xcc || opcode == 0xf4 || (opcode == 0x0f && second == 0x0b)) {
        instruction.flow = Flow::leave;
    }
}

void describe_arm64(Instruction& instruction) {
    const std::uint32_t word = instruction.word();
    instruction.target = arm64::branch_target(word, instruction.address);
    if (arm64::is_call(word)) {
        instruction.flow = Flow::call;
    } else if (arm64::is_conditional_branch(word)) {
        instruction.flow = Flow::conditional;
    } else if (arm64::is_jump(word)) {
        instruction.flow = Flow::jump;
    } else if (arm64::is_return(word) || arm64::is_exception(word)) {
        instruction.flow = Flow::leave;
    }
}

} // namespace

std::uint32_t Instruction::word() const {
    std::uint32_t value = 0;
    if (bytes.size() == sizeof value) {
        std::memcpy(&value, bytes.data(), sizeof value);
    }
    return value;
}

std::string Instruction::text() const {
    std::string text = raw->mnemonic;
    if (raw->op_str[0] != '\0') {
        text += ' ';
        text += raw->op_str;
    }
    return text;
}

Decoder::Handle::Handle(Machine machine) {
    const bool x86 = machine == Machine::x86_64;
    if (cs_open(x86 ? CS_ARCH_X86 : CS_ARCH_ARM64, x86 ? CS_MODE_64 : CS_MODE_ARM, &handle_) !=
        CS_ERR_OK) {
        handle_ = 0; // out of memory; nothing will decode
        return;
    }
    cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON);
}

Decoder::Handle::~Handle() {
    if (handle_ != 0) {
        cs_close(&handle_);
    }
}

Decoder::Decoder(const Code& code)
    : code_(code), rest_(code.bytes), position_(code.address), handle_(code.machine),
      buffer_(handle_.get() != 0 ? cs_malloc(handle_.get()) : nullptr) {}

std::optional<Instruction> Decoder::next() {
    if (!buffer_) {
        return std::nullopt;
    }
    const std::byte* start = rest_.data();
    const auto* cursor = reinterpret_cast<const std::uint8_t*>(start);
    std::size_t size = rest_.size();
    std::uint64_t address = position_;
    if (!cs_disasm_iter(handle_.get(), &cursor, &size, &address, buffer_.get()) &&
        !take_unknown_word()) {
        return std::nullopt;
    }
    Instruction instruction;
    instruction.address = position_;
    instruction.bytes = {start, buffer_->size};
    instruction.raw = buffer_.get();
    if (code_.machine == Machine::x86_64) {
        describe_x86(instruction);
    } else {
        describe_arm64(instruction);
    }
    rest_ = rest_.subspan(instruction.size());
    position_ = instruction.end();
    return instruction;
}

bool Decoder::take_unknown_word() {
    constexpr std::size_t width = 4;
    if (code_.machine != Machine::arm64 || rest_.size() < width) {
        return false;
    }
    buffer_->id = 0;
    buffer_->size = width;
    std::strcpy(buffer_->mnemonic, ".word");
    buffer_->op_str[0] = '\0';
    return true;
}

bool Decoder::seek(std::uint64_t address) {
    const std::uint64_t offset = address - code_.address;
    if (offset >= code_.bytes.size()) {
        return false;
    }
    rest_ = code_.bytes.subspan(static_cast<std::size_t>(offset));
    position_ = address;
    return true;
}

bool Decoder::writes(const Instruction& instruction, bool (*matters)(std::uint16_t reg)) const {
    cs_regs read;
    cs_regs written;
    std::uint8_t read_count = 0;
    std::uint8_t written_count = 0;
    if (!instruction.known() || cs_regs_access(handle_.get(), instruction.raw, read, &read_count,
                                               written, &written_count) != CS_ERR_OK) {
        return true;
    }
    return std::any_of(written, written + written_count, matters);
}

std::optional<std::uint64_t> rip_relative(const Instruction& instruction) {
    const cs_x86& x86 = instruction.x86();
    for (std::size_t i = 0; i < x86.op_count; ++i) {
        const cs_x86_op& operand = x86.operands[i];
        if (operand.type == X86_OP_MEM && operand.mem.base == X86_REG_RIP) {
            return instruction.end() + static_cast<std::uint64_t>(operand.mem.disp);
        }
    }
    return std::nullopt;
}

bool is_nop(const Instruction& instruction) {
    const cs_x86& x86 = instruction.x86();
    if (x86.opcode[0] == 0x90) {
        return x86.rex == 0 && byte_at(instruction, 0) != 0xf3;
    }
    return x86.opcode[0] == 0x0f && x86.opcode[1] == 0x1f;
}

} // namespace holter::site
