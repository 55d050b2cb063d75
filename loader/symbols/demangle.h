// SPDX-License-Identifier: Apache-2.0
//
// C++ and Rust names as people write them.
//
// A mangled name may refer back to its own parts, so a hostile one of 500 bytes can stand for
// more text than there is memory: names with more back references than any function somebody would
// ask for are not demangled (and can still be found by their mangled name).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holter::symbols {

struct Demangled {
    std::string name; ///< without parameters and return type: `v8::internal::Heap::CollectGarbage`
    std::string full; ///< with parameters; of Rust, whose names have none, as the mangling has it
};

/// Is it mangled at all?
bool is_mangled(std::string_view symbol);

/// Refused by demangle() for what it might cost.
bool is_too_complex(std::string_view symbol);

/// Nothing when `symbol` is not mangled, is mangled wrongly, or is too complex.
std::optional<Demangled> demangle(const std::string& symbol);

/// What is left of `symbol` without what compilers append to copies of a function
/// (`.constprop.0`, `.isra.0`, `.lto_priv.1`), and linkers to versioned ones (`@@GLIBC_2.34`).
/// Nothing for a symbol that is only part of a function: `.cold`, `.part.0`.
std::optional<std::string_view> without_suffix(std::string_view symbol);

} // namespace holter::symbols
