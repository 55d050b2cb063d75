// SPDX-License-Identifier: Apache-2.0
//
// Where the Go runtime's own variables are, as linked. With .symtab that is a look-up. Without, the
// addresses are read from the code of runtime functions, which keep their names in pclntab however
// a binary was stripped. An address that two places in the code do not agree on is not given.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/golang/functions/function_table.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holter::golang {

/// Offsets of fields by which a variable is recognised; without one, what depends on it is not
/// found in a stripped binary.
struct GlobalOffsets {
    std::optional<std::uint64_t> memstats_numgc;          ///< runtime.mstats.numgc
    std::optional<std::uint64_t> memstats_pause_total_ns; ///< runtime.mstats.pause_total_ns
    std::optional<std::uint64_t> work_pause_ns;           ///< runtime.workType.pauseNS
    std::optional<std::uint64_t> sched_lock;              ///< runtime.schedt.lock
};

struct Global {
    std::optional<std::uint64_t> address; ///< as linked
    std::string how; ///< for people: where the address is from, or why there is none
};

struct Globals {
    Global memstats;      ///< runtime.memstats
    Global gc_controller; ///< runtime.gcController
    Global work;          ///< runtime.work
    Global sched;         ///< runtime.sched
    Global allp;          ///< runtime.allp, a slice header
    Global allglen;       ///< runtime.allglen
};

/// What find_functions() must be asked for before locate_globals().
std::vector<std::string> globals_functions();

/// From symbols if there are any, else (x86-64 only) from code.
Globals locate_globals(const elf::ElfFile& file, const FunctionTable& functions,
                       const GlobalOffsets& offsets);

} // namespace holter::golang
