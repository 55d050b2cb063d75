// SPDX-License-Identifier: Apache-2.0
//
// Where a probe on a function that follows the C calling convention goes, and whether a probe may
// stand where a USDT note says.
//
// The first instruction of a C, C++ or Rust function is often one that the kernel steps
// (`endbr64`, `sub $24,%rsp`), and an emulated one stands right behind it. The probe may move
// there as long as nothing has changed that it would read: argument registers, stack pointer,
// memory. And only as long as nothing jumps between: a loop that begins behind the entry would
// count its rounds as calls.
#pragma once

#include "loader/site/site.h"

#include <cstdint>
#include <optional>

namespace holter::site {

/// The site that sees every call of a C function exactly once, with all arguments as the caller
/// passed them. Kind::entry: an emulated instruction; Kind::stepped: the very first one, which is
/// stepped. A 5-byte nop is used only when nothing else can be (before anything was stored below
/// the stack pointer, the kernel's rewriting destroys nothing). Errors: `undecodable`,
/// `entry_in_loop`, `unsafe_instruction`.
Result<Site> c_entry_site(const Code& code);

/// The site of a USDT probe, which is where its note says: Kind::usdt. `code` begins at that
/// instruction; `function` is all of the function around it, if that is known. Errors:
/// `undecodable`; `unsafe_nop5` (newer kernels rewrite it to a call, which destroys what the
/// function keeps below the stack pointer; safe only at the function's entry);
/// `unsafe_instruction`.
Result<Site> usdt_site(const Code& code, const std::optional<Code>& function = std::nullopt);

} // namespace holter::site
