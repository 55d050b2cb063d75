// SPDX-License-Identifier: Apache-2.0
//
// Where fields of Go structs lie, as measured beforehand: probes/go_offsets.tsv, which
// scripts/go-offsets makes from real builds of every release. It is what is known of a target
// without DWARF. Layouts have moved between patch releases, so the key is the exact release, and
// an answer for a release that nobody measured says that it is a guess, and by which one.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/result.h"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holter::golang {

/// A version of Go or of a module: "go1.22.12", "v1.66.2".
struct Release {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::uint32_t patch = 0;
    auto operator<=>(const Release&) const = default;
};

/// What one struct, or one field of it, has been in the measured releases.
struct Figure {
    enum class Kind { offset, size };
    struct Range {
        Release first; ///< included, as `last` is
        Release last;
        std::optional<elf::Machine> machine; ///< nullopt: the same on all
        std::uint32_t bytes = 0;
    };
    Kind kind = Kind::offset;
    std::string name; ///< "runtime.mstats.numgc"; of a size, "runtime.mstats"
    std::vector<Range> ranges;

    std::optional<std::uint32_t> at(const Release& release, elf::Machine machine) const;
};

/// All that is known of one module; `std` is Go itself.
struct ModuleLayouts {
    std::vector<std::pair<Release, std::string>> measured; ///< ascending, with its spelling
    std::vector<Figure> figures;                           ///< by (kind, name)
    /// Struct without a name in some releases -> the variable whose type it is.
    std::map<std::string, std::string, std::less<>> variables;
};

/// One release's figures; `figures[i]` belongs to `ModuleLayouts::figures[i]`.
struct ReleaseLayout {
    std::vector<std::optional<std::uint32_t>> figures;
    bool exact = false; ///< measured, or between two measured ones of its minor that agree
    std::string source; ///< for people: "table go1.22.12"
};

class OffsetTable {
  public:
    /// Reads the text of a table; `name` is what errors call it. Error: `malformed_table`, with
    /// name and line.
    static Result<OffsetTable> parse(std::string_view text, std::string_view name);
    /// The one that is part of this binary.
    static const OffsetTable& embedded();

    /// nullptr for a module the table does not have.
    const ModuleLayouts* module(std::string_view name) const;

    /// The figures for `version` (as the build info spells it), or else for a measured release near
    /// it: of the same minor if there is one, and rather a lower one. No figures if the module is
    /// unknown.
    ReleaseLayout look_up(std::string_view module, std::string_view version,
                          elf::Machine machine) const;

  private:
    std::map<std::string, ModuleLayouts, std::less<>> modules_;
};

} // namespace holter::golang
