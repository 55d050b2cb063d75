// SPDX-License-Identifier: Apache-2.0
//
// Where the fields of a target's structs lie. The table (offset_table.h) has been measured from
// the DWARF of real releases: of a release it knows exactly, the target's own DWARF could only say
// the same, at a cost of up to hundreds of MB. DWARF is read for what the table does not know: a
// newer release, a candidate, a patched or experimental toolchain. Without DWARF the nearest
// release answers, and says so.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/golang/layout/offset_table.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holter::golang {

/// The layouts of one module in one binary. Refers to the table, which must outlive it.
class Offsets {
  public:
    /// How much DWARF is read at most: all debug sections, uncompressed, in bytes.
    static constexpr std::uint64_t max_dwarf = std::uint64_t{256} << 20;

    /// From the table if it knows the release exactly; else from the binary's DWARF, if it has any
    /// within `dwarf_bound`; else from the table's nearest release. `version` is that of the module
    /// as the build info spells it; for module `std`, the release of Go.
    static Offsets of_binary(const elf::ElfFile& file, std::string_view module,
                             std::string_view version,
                             const OffsetTable& table = OffsetTable::embedded(),
                             std::uint64_t dwarf_bound = max_dwarf);
    static Offsets from_table(const OffsetTable& table, std::string_view module,
                              std::string_view version, elf::Machine machine);

    /// Offset in bytes of "package.struct.field", as in "runtime.mstats.numgc"; fields of embedded
    /// structs by path ("runtime.workType.cpuStats.GCPauseTime"). nullopt: this version has no such
    /// field, or nobody listed it in scripts/go-offsets.
    std::optional<std::uint64_t> field(std::string_view name) const;
    /// The first of several names that there is: fields get renamed.
    std::optional<std::uint64_t> field(std::initializer_list<std::string_view> names) const;
    /// Size in bytes of "package.struct".
    std::optional<std::uint64_t> size(std::string_view structure) const;

    /// For people: "DWARF", "table go1.22.12", "table go1.27.4 (nearest to go1.28.1)".
    const std::string& source() const { return source_; }
    /// False when the layouts are those of another release: reason `unknown_version`.
    bool exact() const { return exact_; }

  private:
    std::optional<std::uint64_t> find(Figure::Kind kind, std::string_view name) const;

    const ModuleLayouts* layouts_ = nullptr;
    std::vector<std::optional<std::uint32_t>> figures_; ///< as in *layouts_
    std::string source_;
    bool exact_ = false;
};

} // namespace holter::golang
