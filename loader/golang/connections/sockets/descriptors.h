// SPDX-License-Identifier: Apache-2.0
//
// From a net.Conn to the network descriptor under it. *net.TCPConn and *net.UnixConn begin with
// the pointer to their descriptor. *tls.Conn begins with the net.Conn that it wraps, an interface,
// and so does nearly every wrapper that programs write, or with the pointer to a *net.TCPConn;
// others have no descriptor here.
//
// What is read was chosen by the target, and may be memory that was a net.Conn once: so a
// descriptor must look like one in five of its fields.
#pragma once

#include "loader/golang/connections/memory/fields.h"
#include "loader/golang/connections/memory/target_memory.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace holter::golang {

/// A net.netFD, and what tells it from a successor in the same memory.
struct NetDescriptor {
    std::uint64_t address = 0;
    std::uint64_t number = 0; ///< of the file
    std::uint64_t remote = 0; ///< where its peer's address lies

    bool operator==(const NetDescriptor&) const = default;
};

class Descriptors {
  public:
    Descriptors(const TargetMemory& memory, const DescriptorFields& fields)
        : memory_(memory), fields_(fields) {}

    /// Of what net.Conns point to; empty where there is none, or it is closed.
    std::vector<std::optional<NetDescriptor>> of(std::span<const std::uint64_t> net_conns) const;

    /// What is at the address of one, unless it is closed, or none by now.
    std::optional<NetDescriptor> at(std::uint64_t address) const;

  private:
    std::vector<std::optional<NetDescriptor>> at(std::span<const std::uint64_t> addresses) const;
    /// What lies there; 0 where nothing can be read.
    std::vector<std::uint64_t> words_at(const std::vector<std::uint64_t>& addresses) const;

    const TargetMemory& memory_;
    DescriptorFields fields_;
};

} // namespace holter::golang
