// SPDX-License-Identifier: Apache-2.0
//
// Output for people: columns as wide as their content.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace holter::agent {

/// Prints rows under a header, in columns that are separated by two spaces. Cells are UTF-8.
void print_table(std::ostream& out, const std::vector<std::string>& header,
                 const std::vector<std::vector<std::string>>& rows);

} // namespace holter::agent
