// SPDX-License-Identifier: Apache-2.0
//
// Names for what events of one process point at: type descriptors and string
// constants, at the addresses that they have in the process. Few types are ever
// seen, and often, so names are kept.
#pragma once

#include "loader/golang/types/type_reader.h"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

namespace holter::golang {

/// Belongs to one thread.
class TypeNames {
  public:
    TypeNames(TypeReader types, std::uint64_t load_bias)
        : types_(std::move(types)), load_bias_(load_bias) {}

    /// `unknown` when there is no type descriptor at this address of the process.
    std::string name(std::uint64_t address);
    /// A string constant of the program; empty when there is none.
    std::string constant(std::uint64_t address, std::uint64_t length) const;

  private:
    static constexpr std::size_t kept_names = 4096;

    TypeReader types_;
    std::uint64_t load_bias_;
    std::unordered_map<std::uint64_t, std::string> names_; ///< by address
};

} // namespace holter::golang
