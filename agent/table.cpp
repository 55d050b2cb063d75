// SPDX-License-Identifier: Apache-2.0
#include "agent/table.h"

#include <algorithm>

namespace holter::agent {

namespace {

std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xc0) != 0x80; }));
}

} // namespace

void print_table(std::ostream& out, const std::vector<std::string>& header,
                 const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths(header.size());
    const auto measure = [&](const std::vector<std::string>& row) {
        for (std::size_t i = 0; i < header.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row.at(i)));
    };
    const auto print = [&](const std::vector<std::string>& row) {
        for (std::size_t i = 0; i < header.size(); ++i) {
            out << row[i];
            if (i + 1 < header.size())
                out << std::string(widths[i] - width_of(row[i]) + 2, ' ');
        }
        out << '\n';
    };
    measure(header);
    for (const auto& row : rows)
        measure(row);
    print(header);
    for (const auto& row : rows)
        print(row);
}

} // namespace holter::agent
