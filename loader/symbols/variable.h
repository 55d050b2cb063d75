// SPDX-License-Identifier: Apache-2.0
//
// Variables by name, for probe arguments like `-4@counter(%rip)`.
#pragma once

#include "loader/elf/elf_file.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace holter::symbols {

/// Address of the one variable of that name: an exported or global one, or else a local one if no
/// other has the name. Nothing when there is none, when several could be meant, and for
/// thread-local ones.
std::optional<std::uint64_t> variable_address(const elf::ElfFile& file, std::string_view name);

} // namespace holter::symbols
