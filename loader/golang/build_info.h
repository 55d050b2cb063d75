// SPDX-License-Identifier: Apache-2.0
//
// What the Go linker writes about a binary: the release, the modules, the build settings. It
// survives `strip`, so it is also how a Go program is recognised.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/golang/version.h"
#include "loader/result.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace holter::golang {

struct Module {
    std::string path;    ///< as the import paths name it
    std::string version; ///< of the code that was linked: of the replacement, if there is one
    std::optional<std::string> replaced_by; ///< path of the replacement
};

/// All text is valid UTF-8 without control characters, whatever the file says.
struct BuildInfo {
    std::string version; ///< as written: "go1.22.12"
    /// nullopt when `version` is not a release we can place.
    std::optional<GoVersion> go;
    std::string path; ///< import path of package main; empty when unknown
    std::optional<Module> main;
    std::vector<Module> dependencies;            ///< empty for builds without modules
    std::map<std::string, std::string> settings; ///< "-pgo", "CGO_ENABLED", "DefaultGODEBUG" …

    /// The module (main or dependency) of that path, or nullptr.
    const Module* module(std::string_view module_path) const;
    /// The value of a setting; empty when it is not there.
    std::string_view setting(const std::string& key) const;
};

/// Errors: `not_go` (no build info), `malformed_build_info`.
Result<BuildInfo> read_build_info(const elf::ElfFile& file);

} // namespace holter::golang
