// SPDX-License-Identifier: Apache-2.0
//
// Output for people: columns as wide as their content, or as there is room.
#pragma once

#include <cstddef>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

namespace holter::agent {

/// Characters in a line that people can read without turning their heads.
inline constexpr std::size_t readable_width = 120;
inline constexpr std::size_t any_width = std::numeric_limits<std::size_t>::max();

/// Prints rows under a header, in columns that are separated by two spaces. Cells are UTF-8. Where
/// lines would be wider than `most`, the widest columns but for the first are cut (`…`).
void print_table(std::ostream& out, const std::vector<std::string>& header,
                 const std::vector<std::vector<std::string>>& rows, std::size_t most = any_width);

} // namespace holter::agent
