// SPDX-License-Identifier: Apache-2.0
//
// What the tracer tells the rest of the agent about a process it traces.
#pragma once

#include "bpf/events.h"
#include "loader/golang/account/memory.h"
#include "loader/golang/binary.h"
#include "loader/golang/connections/connections.h"
#include "loader/golang/types/type_names.h"
#include "loader/process/identity.h"
#include "loader/process/procfs/memory.h"
#include "loader/process/procfs/sockets.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holter::tracer {

/// Number of a target in all per-target maps, below HOLTER_MAX_TARGETS. Freed ones are reused as
/// late as possible, so that no record in flight meets a successor.
using Slot = std::uint32_t;

/// One probe of a target, in the order of its number in cookies.
struct ProbeState {
    std::string probe;
    std::string group;
    std::string state;  ///< `attached`, `paused`, `failed`
    std::string site;   ///< `emulated`, `stepped`; empty when there is none
    std::string reason; ///< token; empty unless failed
    std::string message;
    std::string object{}; ///< BPF object that holds its program; empty when there is no site
};

/// Reads a Go runtime's own account, and the state of its connections. Moves with the open memory
/// of the process.
class RuntimeAccount {
  public:
    /// `ran_before`: the process had been running when tracing began.
    RuntimeAccount(process::Memory memory, std::optional<process::Sockets> sockets,
                   const golang::Binary& binary, const golang::RuntimeVariables& variables,
                   bool ran_before)
        : memory_(std::move(memory)), sockets_(std::move(sockets)),
          reader_(binary.offsets, binary.version, variables,
                  [this](std::uint64_t address, std::span<std::byte> out) {
                      return memory_.read(address, out);
                  }),
          connections_(golang::Connections::of(
              binary,
              {[this](std::uint64_t address, std::span<std::byte> out) {
                   return memory_.read(address, out);
               },
               [this](std::span<golang::MemoryRequest> requests) { memory_.read_batch(requests); }},
              kernel_sockets(), ran_before)) {}
    RuntimeAccount(const RuntimeAccount&) = delete;
    RuntimeAccount& operator=(const RuntimeAccount&) = delete;

    /// Empty, and no failure, when the process has ended (or exec'd): its end is told later.
    golang::MemoryReading read() {
        golang::MemoryReading reading = reader_.read();
        if (!reading.errors.empty() && memory_.gone())
            return {};
        if (connections_)
            reading.connections = connections_->read();
        return reading;
    }
    /// Safe while another thread reads.
    void on_record(std::span<const std::byte> record) {
        if (connections_)
            connections_->on_record(record);
    }

  private:
    golang::KernelSockets kernel_sockets() const {
        if (!sockets_)
            return {};
        return {[this](std::uint64_t number) { return sockets_->inode(number); },
                [this] { return sockets_->with_peers(); }};
    }

    process::Memory memory_;
    std::optional<process::Sockets> sockets_;
    golang::GoMemoryReader reader_;
    std::unique_ptr<golang::Connections> connections_;
};

struct Target {
    Slot slot = 0;
    process::Identity identity;
    std::string service_name;
    std::string runtime;         ///< `go`
    std::string runtime_version; ///< `go1.22.12`
    std::string executable;      ///< as the process sees it
    std::string container_id;
    std::vector<std::pair<std::string, std::string>> dependencies; ///< module, version
    /// Null when the memory could not be opened or nothing in it could be located.
    std::unique_ptr<RuntimeAccount> account;
    /// Null when the types could not be located.
    std::unique_ptr<golang::TypeNames> types;
};

} // namespace holter::tracer
