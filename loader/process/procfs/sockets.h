// SPDX-License-Identifier: Apache-2.0
//
// Which sockets a process has, by the kernel's own list. The folder stays open, and with it the
// process stays the same one: once it has ended nothing is found in it, whoever has its pid then.
#pragma once

#include "loader/process/identity.h"
#include "loader/process/procfs/descriptor.h"
#include "loader/process/procfs/procfs.h"
#include "loader/result.h"

#include <cstdint>
#include <optional>

namespace holter::process {

class Sockets {
  public:
    /// Errors: `vanished` (also when the pid belongs to another process by now), `no_permission`.
    static Result<Sockets> open(const Procfs& procfs, const Identity& identity);

    /// Inode of the socket that is behind this number; empty if none is.
    std::optional<std::uint64_t> inode(std::uint64_t number) const;

  private:
    explicit Sockets(Descriptor folder) : folder_(std::move(folder)) {}

    Descriptor folder_;
};

} // namespace holter::process
