// SPDX-License-Identifier: Apache-2.0
//
// .debug_abbrev says how the entries of .debug_info are laid out. Go has one table of some
// dozens of declarations for a whole binary; C code linked into it brings one for each unit.
#pragma once

#include "loader/elf/elf_file.h"
#include "loader/golang/debug_section.h"
#include "loader/result.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace holter::golang {

struct DwarfAttribute {
    std::uint32_t name = 0;     ///< DW_AT_*
    std::uint32_t form = 0;     ///< DW_FORM_*
    std::uint64_t implicit = 0; ///< the value itself, of DW_FORM_implicit_const
};

struct DwarfDeclaration {
    std::uint32_t tag = 0; ///< DW_TAG_*; 0: there is no such declaration
    bool has_children = false;
    std::vector<DwarfAttribute> attributes;
};

class DwarfAbbreviations {
  public:
    /// Errors: those of DebugSection::open(), and `malformed_dwarf` when the section is
    /// larger than any that makes sense.
    static Result<DwarfAbbreviations> read(const elf::ElfFile& file);

    /// Makes the table at `offset` the one in use. False when there is none, it is malformed, or
    /// all tables so far were more work than a sane file asks for.
    bool use(std::uint64_t offset);

    /// nullptr for a code the table in use does not declare.
    const DwarfDeclaration* find(std::uint64_t code) const {
        return code < declarations_.size() && declarations_[code].tag != 0 ? &declarations_[code]
                                                                           : nullptr;
    }

  private:
    bool parse(std::size_t at);

    std::vector<std::uint8_t> bytes_;
    std::vector<DwarfDeclaration> declarations_; ///< by code
    std::uint64_t in_use_ = ~std::uint64_t{0};
    bool valid_ = false;
    std::size_t work_ = 0; ///< bytes parsed so far
};

} // namespace holter::golang
