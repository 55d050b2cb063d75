// SPDX-License-Identifier: Apache-2.0
//
// A function as a user names it:
//
//     malloc                                    a symbol
//     _ZN2v88internal4Heap…                     a mangled one
//     v8::internal::Heap::CollectGarbage        a demangled name: all its overloads
//     report_java_out_of_memory(char const*)    with parameters, as c++filt prints them: one of
//     them app::work::request_done                   Rust, without the hash gc_collect_*,
//     app::work::*                everything that begins so
//
// Demangling costs a microsecond and there are a hundred thousand names, so a name is only
// demangled if it contains one of the pattern's words: mangling leaves identifiers as they are.
#pragma once

#include "loader/symbols/demangle.h"

#include <string>
#include <string_view>

namespace holter::symbols {

class Pattern {
  public:
    explicit Pattern(std::string_view text);

    const std::string& text() const { return text_; }

    /// Is the symbol itself meant? `base` is it without_suffix().
    bool matches_symbol(std::string_view symbol, std::string_view base) const;

    /// May the mangled name `base` be meant by its demangled form?
    bool is_worth_demangling(std::string_view base) const;
    bool matches(const Demangled& demangled) const;

    /// Begins with what a user wrote before a `*`.
    bool is_prefix() const { return prefix_; }

  private:
    std::string text_;       ///< as the user wrote it
    std::string symbol_;     ///< without the `*`
    std::string normalised_; ///< without blanks that mean nothing
    std::string word_;       ///< that a mangled name has to contain; empty: none
    bool prefix_ = false;
    bool mangled_ = false;
};

} // namespace holter::symbols
