// SPDX-License-Identifier: Apache-2.0
//
// Which version of a module a binary was built from. The build information says so, unless
// the program was built without modules (as Debian builds); then a library may still carry
// its version as text for its own purposes.
#pragma once

#include "loader/catalogue/catalogue.h"
#include "loader/elf/elf_file.h"
#include "loader/golang/build_info.h"

#include <optional>
#include <string>
#include <string_view>

namespace holter::golang {

/// "v1.66.2", as build information spells it; nullopt when it cannot be told, which includes that
/// the binary does not hold the module. Reads through the file only where build information has no
/// modules at all.
std::optional<std::string> module_version(const elf::ElfFile& file, const BuildInfo& info,
                                          std::string_view module);

/// 1.66 of "v1.66.2"; nullopt for anything else.
std::optional<catalogue::MinorRelease> minor_release(std::string_view version);

} // namespace holter::golang
