// SPDX-License-Identifier: Apache-2.0
//
// Where a probe's arguments are. A USDT note says it in the assembler's own words, since the
// compiler put the operand there: `-4@%eax` (four bytes, signed, in a register), `8@-16(%rbp)`,
// `4@$5`, `-4@52+CheckpointStats(%rip)`, on arm64 `-4@[x29, -20]`. A plain function has them where
// the C calling convention says. Both become a struct holter_argument, which bpf/argument.h
// evaluates at a hit.
//
// A text that is not understood completely is an error of that one argument, and never a guess: a
// wrong place gives a plausible number.
#pragma once

#include "bpf/events.h"
#include "loader/elf/elf_file.h"
#include "loader/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holter::usdt {

using Argument = ::holter_argument;

/// What the texts of one place are relative to.
struct ArgumentContext {
    elf::Machine machine = elf::Machine::x86_64;
    std::uint64_t address = 0; ///< of the probe, as linked
    bool position_independent = false;
    /// Address of a variable as linked; nothing when the name means no or several places. May be
    /// empty: then operands with names are unreadable.
    std::function<std::optional<std::uint64_t>(std::string_view)> resolve;
};

/// <sys/sdt.h> allows twelve; others are not looked at.
inline constexpr std::size_t max_arguments = 12;

/// One result for each argument, in order. Error: `unreadable_argument`, with the text and what
/// is wrong with it.
std::vector<Result<Argument>> parse_arguments(std::string_view text,
                                              const ArgumentContext& context);

/// Number `index` of a C function's integer and pointer arguments, at the function's entry (before
/// its first `push`, stack arguments are relative to the stack pointer). Error:
/// `unreadable_argument` for an index or size that no function has.
Result<Argument> c_argument(elf::Machine machine, unsigned index, unsigned size, bool is_signed);

/// A C function's integer or pointer result, at a return probe.
Argument c_result(elf::Machine machine, unsigned size, bool is_signed);

/// For people: `int32 at [rbp - 20]`, `uint64 in rdi`, `int32 5`.
std::string describe(const Argument& argument, elf::Machine machine);

} // namespace holter::usdt
