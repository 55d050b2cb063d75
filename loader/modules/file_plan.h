// SPDX-License-Identifier: Apache-2.0
//
// What a catalogue file comes to in one ELF file: whether it is recognised there, and
// for each of its probes the places where it can be attached, or why it cannot.
// Worked out once per file, however many processes map it.
#pragma once

#include "bpf/events.h"
#include "loader/catalogue/definition.h"
#include "loader/elf/elf_file.h"
#include "loader/result.h"
#include "loader/site/site.h"
#include "loader/symbols/debug_file.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holter::modules {

struct PlannedPlace {
    const catalogue::Place* place = nullptr; ///< in the plan's definition
    std::string function;                    ///< that contains it, if known
    site::Site site;
    std::uint64_t file_offset = 0;
    std::uint64_t semaphore_offset = 0; ///< 0: none
    /// All but `probe`, the number that the kernel side reports it by.
    holter_specification specification{};
    std::vector<std::string> arguments; ///< what is read, for people
};

struct PlannedProbe {
    const catalogue::DeclaredProbe* probe = nullptr; ///< in the plan's definition
    std::vector<PlannedPlace> places;
    /// Why it is not attached: `no_such_usdt_probe`, `no_usdt_probes`, `no_such_function`,
    /// `unreadable_argument`, `unsafe_nop5`, `unsafe_instruction`, `undecodable`,
    /// `unsupported_version` (no alternative is meant for this file), `too_many_places`.
    std::optional<Error> failure;
};

struct PlannedGroup {
    std::string name;
    std::vector<PlannedProbe> probes;
};

struct FilePlan {
    std::shared_ptr<const catalogue::Definition> definition;
    std::vector<PlannedGroup> groups;
};

/// Places of one probe beyond which it is not attached: each of them costs the target memory.
inline constexpr std::size_t max_places_of_probe = 256;

/// The plan for `file`, whose name is `name`; nothing if it is not recognised. `where` says where
/// its separate debug file may be.
std::optional<FilePlan> plan_file(const std::shared_ptr<const catalogue::Definition>& definition,
                                  const elf::ElfFile& file, const std::string& name,
                                  const symbols::FileSystem& where);

} // namespace holter::modules
