// SPDX-License-Identifier: Apache-2.0
#include "loader/process/procfs/sockets.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string>
#include <string_view>
#include <unistd.h>

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

std::string Sockets::table(const char* name) const {
    constexpr std::size_t largest = std::size_t{256} << 20, chunk = std::size_t{1} << 16;
    const Descriptor file(
        ::openat(folder_.get(), ("../net/" + std::string(name)).c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    for (ssize_t got = 1; file && got > 0 && text.size() < largest;) {
        const std::size_t before = text.size();
        text.resize(before + chunk);
        got = ::read(file.get(), text.data() + before, chunk);
        text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    }
    return text;
}

std::vector<PeerSocket> Sockets::with_peers() const {
    std::vector<PeerSocket> out;
    const int copy = ::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(copy < 0 ? nullptr : ::fdopendir(copy),
                                                     [](DIR* open) { return ::closedir(open); });
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
        const std::string_view name = entry->d_name;
        std::uint64_t number = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), number).ec != std::errc{})
            continue;
        if (const auto socket = inode(number))
            out.push_back({number, *socket, {}});
    }
    if (out.empty())
        return out;
    SocketTable sockets;
    for (const char* name : {"tcp", "tcp6"})
        sockets.add_tcp(table(name));
    for (const char* name : {"udp", "udp6", "raw", "raw6"})
        sockets.add_udp(table(name));
    for (const char* name : {"netlink", "packet"})
        sockets.add_netlink(table(name));
    sockets.add_unix(table("unix"));
    for (PeerSocket& socket : out)
        socket.way = sockets.way_of(socket.inode);
    std::erase_if(
        out, [](const PeerSocket& socket) { return !socket.way.inbound && !socket.way.outbound; });
    return out;
}

} // namespace holter::process
