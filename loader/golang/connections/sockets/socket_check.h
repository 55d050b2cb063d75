// SPDX-License-Identifier: Apache-2.0
//
// Connections as a Go program has them, held against the kernel's list of its sockets. What the
// program's memory says is right as long as it is read right, and as long as the program itself is:
// a descriptor that is closed behind Go's back leaves a connection that is open for ever.
//
// A connection keeps the first socket that is found for it. While it has none, or another one, it
// is left out, from the first such check on; it is counted at the second, if it is still there.
// Connections whose descriptor is not found (a net.Conn of the program's own making) are not
// checked.
#pragma once

#include "loader/golang/connections/reading.h"
#include "loader/golang/connections/sockets/descriptors.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>

namespace holter::golang {

/// The kernel's answer: inode of the socket behind a number; empty if there is none.
using SocketOf = std::function<std::optional<std::uint64_t>(std::uint64_t number)>;

class SocketCheck {
  public:
    struct Connection {
        std::uint64_t object = 0;   ///< what it is counted by
        std::uint64_t net_conn = 0; ///< what its net.Conn points to
    };

    SocketCheck(const Descriptors& descriptors, const SocketOf& socket_of)
        : descriptors_(descriptors), socket_of_(socket_of) {}

    /// All that are open as the program says. What is not among them is forgotten.
    void check(std::span<const Connection> connections);

    /// Whether it had no socket at the last check.
    bool lacks(std::uint64_t object) const {
        const auto found = known_.find(object);
        return found != known_.end() && found->second.misses > 0;
    }
    /// Whether any has none.
    bool any_lacks() const { return any_lacks_; }
    /// A new connection lies there.
    void forget(std::uint64_t object) { known_.erase(object); }

    const SocketChecks& counts() const { return counts_; }

  private:
    struct Known {
        NetDescriptor descriptor;
        std::optional<std::uint64_t> inode;
        unsigned misses = 0; ///< checks in a row
    };

    const Descriptors& descriptors_;
    const SocketOf& socket_of_;
    std::unordered_map<std::uint64_t, Known> known_;
    bool any_lacks_ = false;
    SocketChecks counts_;
};

} // namespace holter::golang
