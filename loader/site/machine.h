// SPDX-License-Identifier: Apache-2.0
//
// What differs between the two machines; site.cpp has what does not.
#pragma once

#include "loader/site/decoder.h"

#include <cstdint>
#include <optional>
#include <span>

namespace holter::site {

/// The compare-and-branch a Go function begins with if its frame may not fit the stack.
struct StackCheck {
    std::uint64_t branch = 0; ///< address of the branch that is taken when it does not fit
    std::uint64_t body = 0;   ///< address of the instruction after that branch
};

/// Nothing for a function without a stack check. `unrecognised_prologue` when the code compares
/// with the stack guard but the branch does not lead to morestack: whatever that is, a probe on
/// it may count wrongly.
using FoundCheck = Result<std::optional<StackCheck>>;

/// Does the code at `target` do nothing but save registers and call one of `morestack`?
/// The decoder comes back to where it stands.
bool leads_to_morestack(Decoder& decoder, std::uint64_t target,
                        std::span<const std::uint64_t> morestack);

inline Error unrecognised() {
    return {
        "unrecognised_prologue",
        "the function compares with the stack guard, but its branch does not lead to morestack"};
}

namespace x86_64 {
FoundCheck find_stack_check(Decoder& decoder, std::span<const std::uint64_t> morestack);
/// Pushes a register in a form the kernel emulates.
bool is_push(const Instruction& instruction);
/// After a call: leaves the registers that hold results as they are.
bool keeps_results(const Decoder& decoder, const Instruction& instruction);
/// At a C function's entry: leaves all arguments, the stack pointer and memory as they are.
bool keeps_arguments(const Decoder& decoder, const Instruction& instruction);
/// May stand between the branch and the call of morestack.
bool is_spill(const Instruction& instruction);
} // namespace x86_64

namespace arm64 {
FoundCheck find_stack_check(Decoder& decoder, std::span<const std::uint64_t> morestack);
bool keeps_results(const Decoder& decoder, const Instruction& instruction);
bool keeps_arguments(const Decoder& decoder, const Instruction& instruction);
bool is_spill(const Instruction& instruction);
} // namespace arm64

} // namespace holter::site
