// SPDX-License-Identifier: Apache-2.0
//
// Which sockets a process has, by the kernel's own list. The folder stays open, and with it the
// process stays the same one: once it has ended nothing is found in it, whoever has its pid then.
#pragma once

#include "loader/process/identity.h"
#include "loader/process/procfs/descriptor.h"
#include "loader/process/procfs/procfs.h"
#include "loader/process/procfs/socket_table.h"
#include "loader/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holter::process {

/// A socket that has, or may have, a peer.
struct PeerSocket {
    std::uint64_t number = 0;
    std::uint64_t inode = 0;
    PeerWay way;
};

class Sockets {
  public:
    /// Errors: `vanished` (also when the pid belongs to another process by now), `no_permission`.
    static Result<Sockets> open(const Procfs& procfs, const Identity& identity);

    /// Inode of the socket that is behind this number; empty if none is.
    std::optional<std::uint64_t> inode(std::uint64_t number) const;
    /// All that have a peer. Reads the tables of the network namespace: some 0.5 µs for every
    /// socket in it.
    std::vector<PeerSocket> with_peers() const;

  private:
    /// Of the process's network namespace; empty if it cannot be read.
    std::string table(const char* name) const;

    explicit Sockets(Descriptor folder) : folder_(std::move(folder)) {}

    Descriptor folder_;
};

} // namespace holter::process
