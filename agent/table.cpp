// SPDX-License-Identifier: Apache-2.0
#include "agent/table.h"

#include <algorithm>

namespace holter::agent {

namespace {

std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xc0) != 0x80; }));
}

constexpr std::size_t gap = 2;

/// The first characters of the text, the last of them an ellipsis if there are more.
std::string cut(const std::string& text, std::size_t width) {
    if (width_of(text) <= width)
        return text;
    std::size_t end = 0;
    for (std::size_t characters = 0; characters + 1 < width; ++characters)
        do
            ++end;
        while (end < text.size() && (text[end] & 0xc0) == 0x80);
    return text.substr(0, end) + "…";
}

/// Takes from the widest until they fit, but for the first: it holds the names that are looked for.
void narrow(std::vector<std::size_t>& widths, std::size_t most) {
    std::size_t total = gap * (widths.size() - 1);
    for (const auto width : widths)
        total += width;
    for (; total > most; --total) {
        const auto widest = std::max_element(widths.begin() + 1, widths.end());
        if (widest == widths.end() || *widest <= 1)
            return;
        --*widest;
    }
}

} // namespace

void print_table(std::ostream& out, const std::vector<std::string>& header,
                 const std::vector<std::vector<std::string>>& rows, std::size_t most) {
    std::vector<std::size_t> widths(header.size());
    const auto measure = [&](const std::vector<std::string>& row) {
        for (std::size_t i = 0; i < header.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row.at(i)));
    };
    const auto print = [&](const std::vector<std::string>& row) {
        std::size_t blanks = 0; // before the next cell that is not empty
        for (std::size_t i = 0; i < header.size(); ++i) {
            const std::string cell = cut(row[i], widths[i]);
            if (!cell.empty()) {
                out << std::string(blanks, ' ') << cell;
                blanks = 0;
            }
            blanks += widths[i] - width_of(cell) + gap;
        }
        out << '\n';
    };
    measure(header);
    for (const auto& row : rows)
        measure(row);
    narrow(widths, most);
    print(header);
    for (const auto& row : rows)
        print(row);
}

} // namespace holter::agent
