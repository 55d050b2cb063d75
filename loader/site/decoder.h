// SPDX-License-Identifier: Apache-2.0
//
// Machine code, one instruction at a time. A thin layer over capstone: it owns the handle and the
// one instruction buffer, and answers the few questions this room asks of an instruction. It knows
// the addresses of direct branches itself, from the encoding, so that nothing but lengths,
// operands and text depends on the version of capstone (Debian 12 has 4, Debian 13 has 5).
#pragma once

#include "loader/site/site.h"

#include <capstone/capstone.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace holter::site {

/// What an instruction does to the flow of control.
enum class Flow {
    next,        ///< falls through
    jump,        ///< always leaves, target known or not
    conditional, ///< may branch to `target`
    call,        ///< to `target`, or indirect when there is none
    leave,       ///< return, trap: execution does not come to the next instruction
};

/// Valid until the decoder that made it moves on.
struct Instruction {
    std::uint64_t address = 0;
    std::span<const std::byte> bytes;
    Flow flow = Flow::next;
    std::optional<std::uint64_t> target; ///< of a direct jump, branch or call
    const cs_insn* raw = nullptr;

    std::size_t size() const { return bytes.size(); }
    std::uint64_t end() const { return address + bytes.size(); }
    bool known() const { return raw->id != 0; }
    unsigned id() const { return raw->id; }
    const cs_x86& x86() const { return raw->detail->x86; }
    /// arm64: the instruction as the number it is.
    std::uint32_t word() const;
    /// For people: `push rbp`.
    std::string text() const;
};

class Decoder {
  public:
    /// Starts at the first byte of `code`, which must outlive the decoder.
    explicit Decoder(const Code& code);

    /// The next instruction, or nothing at the end of the code and at bytes that are none. On
    /// arm64, where all have four bytes, a word that is none (a constant, padding, an extension
    /// younger than the disassembler) is passed as an instruction that is not `known`.
    std::optional<Instruction> next();

    /// Continues at `address`; false (and no movement) when that is outside the code.
    bool seek(std::uint64_t address);

    /// All bytes were decoded.
    bool at_end() const { return rest_.empty(); }

    /// Does the instruction, explicitly or not, write a register of which `matters` says so?
    bool writes(const Instruction& instruction, bool (*matters)(std::uint16_t reg)) const;

    Machine machine() const { return code_.machine; }

    /// Where the next instruction would be.
    std::uint64_t position() const { return position_; }

  private:
    class Handle {
      public:
        explicit Handle(Machine machine);
        ~Handle();
        Handle(const Handle&) = delete;
        Handle& operator=(const Handle&) = delete;
        csh get() const { return handle_; }

      private:
        csh handle_ = 0;
    };
    struct FreeInstruction {
        void operator()(cs_insn* instruction) const { cs_free(instruction, 1); }
    };

    bool take_unknown_word();

    Code code_;
    std::span<const std::byte> rest_;
    std::uint64_t position_ = 0;
    Handle handle_; // before the buffer, whose size it decides
    std::unique_ptr<cs_insn, FreeInstruction> buffer_;
};

/// x86-64: the address a `[rip + x]` operand means, if the instruction has one.
std::optional<std::uint64_t> rip_relative(const Instruction& instruction);

/// x86-64: a no-operation of any length.
bool is_nop(const Instruction& instruction);

} // namespace holter::site
