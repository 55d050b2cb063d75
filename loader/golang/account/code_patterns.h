// SPDX-License-Identifier: Apache-2.0
//
// Addresses that code mentions, found by what is done to them. A stripped Go binary has no symbols
// for variables, but the runtime's functions can still be found by name, and in some of them one
// variable is used in a way that cannot be mistaken. Each search here is for one such way; it
// returns all there is and leaves the decision to the caller. x86-64 only: there an address is one
// operand.
#pragma once

#include "loader/site/site.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace holter::golang::patterns {

using Address = std::uint64_t;

/// For each direct call of `callee`, in address order: the variable whose address is its first
/// argument (`lea rax, [rip + x]`), if it is one.
std::vector<std::optional<Address>> first_arguments(const site::Code& code, Address callee);

/// 4-byte variables counted up (`inc dword ptr [rip + x]`), in address order of the code.
std::vector<Address> counted_up(const site::Code& code);

/// 8-byte variables a register is added to (`add qword ptr [rip + x], reg`). With `after_call`,
/// only those between a direct call of that function and the next call.
std::vector<Address> added_to(const site::Code& code, std::optional<Address> after_call = {});

/// Variables stored to atomically (`lea reg, [rip + x]` and at once `xchg [reg], other`).
std::vector<Address> exchanged(const site::Code& code);

/// 8-byte variables loaded into a register (`mov reg, [rip + x]`).
std::vector<Address> loaded(const site::Code& code);

/// Variables whose first and second word are loaded one after the other, as for a `range` over a
/// slice; each once.
std::vector<Address> slices_loaded(const site::Code& code);

} // namespace holter::golang::patterns
