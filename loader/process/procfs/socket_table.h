// SPDX-License-Identifier: Apache-2.0
//
// The kernel's tables of the sockets of a network namespace, the text of /proc/PID/net/tcp and its
// like: which socket has a peer, and who came to whom. Who listens on a port is come to there.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace holter::process {

/// A socket's way to its peer, as far as it is known: it may have one if either is true.
struct PeerWay {
    bool inbound = true;
    bool outbound = true;
};

class SocketTable {
  public:
    /// Text of net/tcp or net/tcp6.
    void add_tcp(std::string_view text);
    /// Of net/udp, net/raw and their like for IPv6: these have no connections.
    void add_udp(std::string_view text);
    /// Of net/netlink or net/packet: nor have these.
    void add_netlink(std::string_view text);
    /// Of net/unix: those with connections have a peer, whoever came to whom.
    void add_unix(std::string_view text);

    /// Of the socket with this inode. Both are true of one that is in no table.
    PeerWay way_of(std::uint64_t inode) const;

  private:
    std::unordered_set<std::uint64_t> without_peer_;
    std::unordered_map<std::uint64_t, std::uint16_t> tcp_ports_; ///< their own, by inode
    std::unordered_set<std::uint16_t> listening_;
};

} // namespace holter::process
