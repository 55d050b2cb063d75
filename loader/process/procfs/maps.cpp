// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/maps.h"

#include <charconv>

namespace holter::process {
namespace {

/// Takes a number and the character that must follow it off the front.
bool take(std::string_view& line, std::uint64_t& number, int base, char separator) {
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number, base);
    if (error != std::errc() || end == line.data() + line.size() || *end != separator) {
        return false;
    }
    line.remove_prefix(static_cast<std::size_t>(end - line.data()) + 1);
    return true;
}

} // namespace

std::optional<Mapping> parse_mapping(std::string_view line) {
    // 55d0c0a00000-55d0c0a02000 r-xp 00002000 fe:01 1234        /path
    Mapping mapping;
    std::uint64_t major = 0;
    std::uint64_t minor = 0;
    if (!take(line, mapping.start, 16, '-') || !take(line, mapping.end, 16, ' ')) {
        return std::nullopt;
    }
    if (mapping.start >= mapping.end || line.size() < 5 || line[4] != ' ') {
        return std::nullopt;
    }
    mapping.readable = line[0] == 'r';
    mapping.writable = line[1] == 'w';
    mapping.executable = line[2] == 'x';
    line.remove_prefix(5);
    if (!take(line, mapping.offset, 16, ' ') || !take(line, major, 16, ':') ||
        !take(line, minor, 16, ' ')) {
        return std::nullopt;
    }
    // The device is not kept: on btrfs and overlayfs it differs from what stat(2) says.
    const auto [end, error] =
        std::from_chars(line.data(), line.data() + line.size(), mapping.inode);
    if (error != std::errc()) {
        return std::nullopt;
    }
    line.remove_prefix(static_cast<std::size_t>(end - line.data()));
    const std::size_t path = line.find_first_not_of(' ');
    if (path != std::string_view::npos) {
        mapping.path = line.substr(path);
    }
    return mapping;
}

} // namespace holter::process
