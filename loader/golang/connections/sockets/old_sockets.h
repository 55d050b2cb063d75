// SPDX-License-Identifier: Apache-2.0
//
// Sockets that a process had before it was traced and whose connections have not been found in
// its memory. As long as there is one, connections may be missing in what is said of the process;
// a socket that belongs to nothing we know (a protocol of the program's own) is one until it is
// closed.
#pragma once

#include "loader/golang/connections/sockets/socket_check.h"
#include "loader/process/procfs/sockets.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace holter::golang {

class OldSockets {
  public:
    explicit OldSockets(const std::vector<process::PeerSocket>& sockets) {
        for (const auto& socket : sockets)
            unseen_[socket.inode] = socket;
    }

    /// It is a connection's that was found.
    void see(std::uint64_t inode) { unseen_.erase(inode); }
    void forget_closed(const SocketOf& socket_of) {
        std::erase_if(unseen_, [&](const auto& entry) {
            return socket_of(entry.second.number) != entry.first;
        });
    }

    /// Whether one may be left that was come to, or that went out.
    bool any_inbound() const {
        return std::any_of(unseen_.begin(), unseen_.end(),
                           [](const auto& entry) { return entry.second.way.inbound; });
    }
    bool any_outbound() const {
        return std::any_of(unseen_.begin(), unseen_.end(),
                           [](const auto& entry) { return entry.second.way.outbound; });
    }

  private:
    std::unordered_map<std::uint64_t, process::PeerSocket> unseen_; ///< by inode
};

} // namespace holter::golang
