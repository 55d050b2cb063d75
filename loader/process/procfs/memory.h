// SPDX-License-Identifier: Apache-2.0
//
// Reading a target's memory costs the target nothing: no stop, no probe. The file
// stays open, and with it the address space stays the same one: after the process
// ends or execs, reads fail instead of showing another program's bytes. That also
// makes opening the only moment at which a reused pid could fool us.
//
// Every byte read was chosen by the target.
#pragma once

#include "loader/process/identity.h"
#include "loader/process/procfs/descriptor.h"
#include "loader/process/procfs/procfs.h"
#include "loader/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

namespace holter::process {

class Memory {
  public:
    /// Errors: `vanished` (also when the pid belongs to another process by now), `no_permission`.
    static Result<Memory> open(const Procfs& procfs, const Identity& identity);

    /// All of `out` or failure (unmapped, or the process has ended or exec'd).
    bool read(std::uint64_t address, std::span<std::byte> out) const;

    /// Whether the address space is no more: the process has ended or exec'd.
    bool gone() const;

    template <typename T> std::optional<T> read(std::uint64_t address) const {
        static_assert(std::is_trivially_copyable_v<T>);
        T value{};
        if (!read(address, std::as_writable_bytes(std::span<T, 1>(&value, 1)))) {
            return std::nullopt;
        }
        return value;
    }

    struct Request {
        std::uint64_t address = 0;
        std::span<std::byte> out;
        bool ok = false; ///< set by read_batch
    };
    /// Many small reads in few system calls: neighbours share one. Returns how many succeeded.
    std::size_t read_batch(std::span<Request> requests) const;

  private:
    explicit Memory(Descriptor file) : file_(std::move(file)) {}

    Descriptor file_;
};

} // namespace holter::process
