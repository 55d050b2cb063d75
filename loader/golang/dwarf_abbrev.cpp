// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/dwarf_abbrev.h"

#include <dwarf.h>
#include <utility>

namespace holter::golang {

namespace {

constexpr std::uint64_t max_section = std::uint64_t{4} << 20;
constexpr std::size_t max_work = std::size_t{64} << 20;
/// Codes are numbered from 1; the C compilers use a few hundred.
constexpr std::uint64_t max_code = 1 << 14;

/// LEB128 out of bytes in memory; `ok` turns false at the end of them.
struct Reader {
    const std::vector<std::uint8_t>& bytes;
    std::size_t at;
    bool ok = true;

    std::uint8_t u8() {
        if (at >= bytes.size()) {
            ok = false;
            return 0;
        }
        return bytes[at++];
    }

    std::uint64_t uleb() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint8_t byte = u8();
            value |= std::uint64_t{byte & 0x7fU} << shift;
            if ((byte & 0x80U) == 0) {
                return value;
            }
        }
        ok = false;
        return 0;
    }

    std::uint32_t small() {
        const std::uint64_t value = uleb();
        ok = ok && value <= 0xffff;
        return static_cast<std::uint32_t>(value & 0xffff);
    }
};

} // namespace

Result<DwarfAbbreviations> DwarfAbbreviations::read(const elf::ElfFile& file) {
    auto section = DebugSection::open(file, "abbrev", max_section);
    if (!section) {
        return section.error();
    }
    DwarfAbbreviations out;
    while (!section->at_end()) {
        out.bytes_.push_back(section->u8());
    }
    if (out.bytes_.size() >= max_section) {
        return Error{"malformed_dwarf", ".debug_abbrev has more than 4 MiB"};
    }
    return out;
}

bool DwarfAbbreviations::use(std::uint64_t offset) {
    if (offset != in_use_) {
        in_use_ = offset;
        declarations_.clear();
        valid_ = offset < bytes_.size() && parse(static_cast<std::size_t>(offset));
    }
    return valid_;
}

bool DwarfAbbreviations::parse(std::size_t begin) {
    Reader reader{bytes_, begin};
    while (reader.ok && work_ + (reader.at - begin) < max_work) {
        const std::uint64_t code = reader.uleb();
        if (code == 0) {
            work_ += reader.at - begin;
            return reader.ok;
        }
        if (code > max_code) {
            return false;
        }
        DwarfDeclaration declaration;
        declaration.tag = reader.small();
        declaration.has_children = reader.u8() != 0;
        for (;;) {
            DwarfAttribute attribute{reader.small(), reader.small(), 0};
            if (attribute.form == DW_FORM_implicit_const) {
                attribute.implicit = reader.uleb();
            }
            if (!reader.ok || (attribute.name == 0 && attribute.form == 0)) {
                break;
            }
            declaration.attributes.push_back(attribute);
        }
        if (code >= declarations_.size()) {
            declarations_.resize(static_cast<std::size_t>(code) + 1);
        }
        declarations_[static_cast<std::size_t>(code)] = std::move(declaration);
    }
    work_ += reader.at - begin;
    return false;
}

} // namespace holter::golang
