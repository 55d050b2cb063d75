// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/sockets.h"

#include <array>
#include <charconv>
#include <string>
#include <string_view>

namespace holter::process {

Result<Sockets> Sockets::open(const Procfs& procfs, const Identity& identity) {
    Result<Descriptor> folder = procfs.open_files_folder(identity.pid);
    if (!folder)
        return folder.error();
    const Result<Identity> now = procfs.identity(identity.pid);
    if (!now)
        return now.error();
    if (*now != identity)
        return Error{"vanished",
                     "pid " + std::to_string(identity.pid) + " belongs to another process by now"};
    return Sockets(std::move(*folder));
}

std::optional<std::uint64_t> Sockets::inode(std::uint64_t number) const {
    constexpr std::string_view prefix = "socket:[";
    std::array<char, 64> link;
    const ssize_t length =
        ::readlinkat(folder_.get(), std::to_string(number).c_str(), link.data(), link.size());
    if (length <= 0)
        return std::nullopt;
    std::string_view text(link.data(), static_cast<std::size_t>(length));
    if (!text.starts_with(prefix) || !text.ends_with(']'))
        return std::nullopt;
    text.remove_prefix(prefix.size());
    text.remove_suffix(1);
    std::uint64_t inode = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), inode);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return inode;
}

} // namespace holter::process
