// SPDX-License-Identifier: Apache-2.0
//
// Where inside a function a probe goes. The kernel emulates some instructions
// (0.7 µs a hit) and single-steps all others (5 µs and more), so the choice of
// the instruction decides what tracing costs; docs/probe-sites.md tells the rules.
#pragma once

#include "loader/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace holter::site {

enum class Machine { x86_64, arm64 };

/// A function's machine code; `address` is where it is linked (any one address space will do, as
/// long as call targets are meant in the same).
struct Code {
    Machine machine = Machine::x86_64;
    std::uint64_t address = 0;
    std::span<const std::byte> bytes;
};

enum class Kind {
    push,    ///< after the stack check, or at the entry of a function without one
    jbe,     ///< the stack check's branch (arm64: b.ls): the program must drop hits that take it
    call,    ///< a direct call: the callee's arguments are in registers
    result,  ///< first conditional branch after a call: its results are in registers
    entry,   ///< first instruction, emulated, of a function without a stack check: as good as push
    stepped, ///< any other entry: only for functions that run once in a lifetime
    usdt,    ///< where a USDT note says, nearly always a nop
};

struct Site {
    std::uint64_t address = 0;
    Kind kind = Kind::stepped;
    bool emulated = false;   ///< by the kernel; otherwise single-stepped
    std::string instruction; ///< for people, e.g. `push rbp`
};

std::string_view to_string(Kind kind);

/// The site that sees every call of a Go function exactly once with its arguments still in
/// registers. `morestack` holds the addresses of runtime.morestack, morestack_noctxt and
/// morestackc. Errors: `undecodable`; `unrecognised_prologue` (it compares with the stack guard,
/// but does not go to morestack); `entry_in_loop` (no stack check, and the function jumps back to
/// its first instruction); `unsafe_instruction` (the kernel refuses it, or would rewrite it: 5-byte
/// nop).
Result<Site> entry_site(const Code& code, std::span<const std::uint64_t> morestack);

/// All direct calls of `callee` in the function, in address order (none is not an error).
/// Errors: `undecodable`.
Result<std::vector<Site>> call_sites(const Code& code, std::uint64_t callee);

/// For each direct call of `callee`: the first conditional branch after it, if nothing in between
/// disturbs the integer result registers. Errors: `undecodable`, `no_result_site` (for any one of
/// the calls).
Result<std::vector<Site>> result_sites(const Code& code, std::uint64_t callee);

} // namespace holter::site
