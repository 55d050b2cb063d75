// SPDX-License-Identifier: Apache-2.0
//
// The beginning of a Go function on arm64 (cmd/internal/obj/arm64, stacksplit); `g` is in x28:
//
//     small    ldr x16, [x28, #16] ; mov x17, sp     ; cmp x17, x16                     ; b.ls
//              (since Go 1.19: cmp sp, x16)
//     medium   ldr x16, [x28, #16] ; sub x17, sp, #N ; cmp x17, x16                     ; b.ls
//     huge     ldr x16, [x28, #16] ; mov x27, #N ; subs x17, sp, x27 ; b.lo ; cmp       ; b.ls
//
// There is no push: the frame is made by `str x30, [sp, #-N]!` or a sub, which are stepped. The
// branch `b.ls` is what `jbe` is on x86: taken if C is clear or Z is set.
#include "loader/site/arm64.h"

#include "loader/site/machine.h"

namespace holter::site::arm64 {

namespace {

constexpr int longest_check = 10;

constexpr std::uint32_t load_guard0 = 0xf9400b90; // ldr x16, [x28, #16]
constexpr std::uint32_t load_guard1 = 0xf9400f90; // ldr x16, [x28, #24]
constexpr std::uint32_t compare_x17 = 0xeb10023f; // cmp x17, x16
constexpr std::uint32_t compare_sp = 0xeb3063ff;  // cmp sp, x16

constexpr std::uint32_t condition_lower = 3;
constexpr std::uint32_t condition_lower_or_same = 9;

bool is_branch_if(std::uint32_t word, std::uint32_t condition) {
    return is_b_cond(word) && (word & 0xf) == condition;
}

/// Computes into x16, x17 or x27, which hold no argument.
bool is_preparation(const Instruction& instruction) {
    const std::uint32_t destination = instruction.word() & 0x1f;
    return instruction.flow == Flow::next &&
           (destination == 16 || destination == 17 || destination == 27);
}

/// x0 … x15 in any width.
bool holds_result(std::uint16_t reg) {
    return (reg >= ARM64_REG_X0 && reg <= ARM64_REG_X15) ||
           (reg >= ARM64_REG_W0 && reg <= ARM64_REG_W15) || reg == ARM64_REG_SP ||
           reg == ARM64_REG_X28;
}

/// x0 … x7, and x8 where the result goes when it is a structure; in any width.
bool holds_argument_or_stack(std::uint16_t reg) {
    return (reg >= ARM64_REG_X0 && reg <= ARM64_REG_X8) ||
           (reg >= ARM64_REG_W0 && reg <= ARM64_REG_W8) || reg == ARM64_REG_SP ||
           reg == ARM64_REG_WSP;
}

} // namespace

FoundCheck find_stack_check(Decoder& decoder, std::span<const std::uint64_t> morestack) {
    bool guard_loaded = false;
    for (int i = 0; i < longest_check; ++i) {
        const std::optional<Instruction> instruction = decoder.next();
        if (!instruction) {
            break;
        }
        const std::uint32_t word = instruction->word();
        if (word == load_guard0 || word == load_guard1) {
            guard_loaded = true;
            continue;
        }
        if (guard_loaded && (word == compare_x17 || word == compare_sp)) {
            const std::optional<Instruction> branch = decoder.next();
            if (!branch || !is_branch_if(branch->word(), condition_lower_or_same)) {
                return unrecognised();
            }
            const StackCheck check{branch->address, branch->end()};
            if (!leads_to_morestack(decoder, *branch->target, morestack)) {
                return unrecognised();
            }
            return std::optional(check);
        }
        const bool allowed = is_branch_if(word, condition_lower)
                                 ? leads_to_morestack(decoder, *instruction->target, morestack)
                                 : is_preparation(*instruction);
        if (!allowed) {
            break;
        }
    }
    return std::optional<StackCheck>();
}

bool keeps_results(const Decoder& decoder, const Instruction& instruction) {
    return instruction.flow == Flow::next && !decoder.writes(instruction, holds_result);
}

bool keeps_arguments(const Decoder& decoder, const Instruction& instruction) {
    const std::uint32_t word = instruction.word();
    const bool may_store = matches(word, 0x0a000000, 0x08000000); // loads and stores of all kinds
    return instruction.flow == Flow::next && !may_store && !is_exception(word) &&
           !is_system_write(word) && !decoder.writes(instruction, holds_argument_or_stack);
}

/// A store, or the move of the link register that morestack wants in x3.
bool is_spill(const Instruction& instruction) {
    constexpr std::uint32_t move_link = 0xaa1e03e3;
    const std::uint32_t word = instruction.word();
    const bool store = matches(word, 0x3b400000, 0x39000000) || // str, immediate
                       matches(word, 0x3b400000, 0x29000000);   // stp
    return store || word == move_link;
}

} // namespace holter::site::arm64
