// SPDX-License-Identifier: Apache-2.0
//
// What the tracer tells the rest of the agent about a process it traces.
#pragma once

#include "bpf/events.h"
#include "loader/golang/account/memory.h"
#include "loader/golang/types/type_names.h"
#include "loader/process/identity.h"
#include "loader/process/procfs/memory.h"

#include <cstdint>
#include <memory>
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
};

/// Reads a Go runtime's own account. Moves with the open memory of the process.
class RuntimeAccount {
  public:
    RuntimeAccount(process::Memory memory, const golang::Offsets& offsets,
                   const golang::GoVersion& version, const golang::RuntimeVariables& variables)
        : memory_(std::move(memory)),
          reader_(offsets, version, variables,
                  [this](std::uint64_t address, std::span<std::byte> out) {
                      return memory_.read(address, out);
                  }) {}
    RuntimeAccount(const RuntimeAccount&) = delete;
    RuntimeAccount& operator=(const RuntimeAccount&) = delete;

    /// Empty, and no failure, when the process has ended (or exec'd): its end is told later.
    golang::MemoryReading read() {
        golang::MemoryReading reading = reader_.read();
        return !reading.errors.empty() && memory_.gone() ? golang::MemoryReading{} : reading;
    }

  private:
    process::Memory memory_;
    golang::GoMemoryReader reader_;
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
