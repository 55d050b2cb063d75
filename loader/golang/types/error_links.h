// SPDX-License-Identifier: Apache-2.0
//
// Which types of an executable wrap errors, and at which offset of a value the wrapped one
// lies. There is no list of such types: a type wraps an error when it has a method Unwrap,
// and what that returns is its one field of an error's type (or its one slice of
// errors). That is true of fmt's, errors', net's, os' and url's wrappers in every release,
// and of those that programs define for themselves. Of several such fields the one with
// a usual name is taken; a type with none (Unwrap is promoted, or computes
// something) ends the chain.
#pragma once

#include "loader/golang/types/type_reader.h"
#include "loader/golang/version.h"

#include <cstdint>
#include <vector>

namespace holter::golang {

struct ErrorLink {
    std::uint64_t type = 0; ///< address of the descriptor, as linked
    std::uint64_t offset = 0;
    bool slice = false; ///< there is a slice of errors
    auto operator<=>(const ErrorLink&) const = default;
};

/// Ascending by type. One pass over all types, in bounded memory; at most `limit`.
std::vector<ErrorLink> find_error_links(const TypeReader& types, const GoVersion& version,
                                        std::size_t limit);

} // namespace holter::golang
