// SPDX-License-Identifier: Apache-2.0
//
// /proc/PID/maps: one line for each mapping, with the file's path at the end. The
// path is the target's choice; newlines in it are escaped by the kernel, nothing
// else is to be believed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace holter::process {

struct Mapping {
    std::uint64_t start = 0;
    std::uint64_t end = 0; ///< exclusive
    std::uint64_t offset = 0;
    bool readable = false;
    bool writable = false;
    bool executable = false;
    std::uint64_t inode = 0; ///< 0: not a file
    std::string_view path;   ///< points into the line; may end with ` (deleted)`
};

/// Empty when the line is not what the kernel writes (`start < end` holds otherwise).
std::optional<Mapping> parse_mapping(std::string_view line);

/// Calls `visit(const Mapping&)` for each well-formed line, in the order of addresses, until it
/// returns false.
template <typename Visit> void for_each_mapping(std::string_view content, Visit visit) {
    while (!content.empty()) {
        const std::size_t newline = content.find('\n');
        if (const auto mapping = parse_mapping(content.substr(0, newline))) {
            if (!visit(*mapping)) {
                return;
            }
        }
        if (newline == std::string_view::npos) {
            return;
        }
        content.remove_prefix(newline + 1);
    }
}

} // namespace holter::process
