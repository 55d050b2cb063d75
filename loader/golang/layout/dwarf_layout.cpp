// SPDX-License-Identifier: Apache-2.0
//
// Of libdw's functions, those are avoided that open other files: the paths would be the target's
// choice, and a FIFO would hang the agent. So no dwarf_diename(), which looks into split DWARF.
#include "loader/golang/layout/dwarf_layout.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace holter::golang {

namespace {

/// The unit that has the types of all packages.
constexpr std::string_view types_unit = "runtime";
constexpr unsigned max_typedefs = 8;   // in a chain
constexpr unsigned max_members = 1024; // of one struct; the runtime's have 100
constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

using ElfHandle = std::unique_ptr<Elf, decltype(&elf_end)>;
using DwarfHandle = std::unique_ptr<Dwarf, decltype(&dwarf_end)>;

/// What a debug section takes in memory; `endless` if it does not say.
std::uint64_t uncompressed_size(const elf::ElfFile& file, const elf::Section& section) {
    if ((section.flags & SHF_COMPRESSED) != 0) {
        Elf64_Chdr header{};
        const bool there = file.read(section.offset, std::as_writable_bytes(std::span(&header, 1)));
        return there ? header.ch_size : endless;
    }
    if (section.name.starts_with(".z")) {
        std::array<unsigned char, 12> header{}; // "ZLIB", then the size, big-endian
        if (!file.read(section.offset, std::as_writable_bytes(std::span(header))) ||
            std::memcmp(header.data(), "ZLIB", 4) != 0) {
            return endless;
        }
        return std::accumulate(
            header.begin() + 4, header.end(), std::uint64_t{0},
            [](std::uint64_t sum, unsigned char byte) { return sum << 8 | byte; });
    }
    return section.size;
}

struct DebugSize {
    unsigned infos = 0;      ///< how many .debug_info there are
    std::uint64_t info = 0;  ///< bytes of the last
    std::uint64_t total = 0; ///< bytes of all debug sections: libdw reads them at once
};

DebugSize debug_size(const elf::ElfFile& file) {
    DebugSize out;
    for (const elf::Section& section : file.sections()) {
        if (!section.name.starts_with(".debug_") && !section.name.starts_with(".zdebug_")) {
            continue;
        }
        const std::uint64_t size = uncompressed_size(file, section);
        out.total = size > endless - out.total ? endless : out.total + size;
        if (section.name.ends_with("debug_info")) {
            ++out.infos;
            out.info = size;
        }
    }
    return out;
}

std::string_view package_of(std::string_view name) {
    const std::size_t slash = name.rfind('/');
    return name.substr(0, name.find('.', slash == std::string_view::npos ? 0 : slash));
}

std::string_view name_of(Dwarf_Die& entry) {
    Dwarf_Attribute attribute;
    const char* name = dwarf_formstring(dwarf_attr(&entry, DW_AT_name, &attribute));
    return name == nullptr ? std::string_view{} : name;
}

std::optional<std::uint32_t> number_of(Dwarf_Die& entry, unsigned what) {
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    if (dwarf_formudata(dwarf_attr(&entry, what, &attribute), &value) != 0 ||
        value > std::numeric_limits<std::uint32_t>::max()) {
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(value);
}

/// The structs that the table asks for.
class Structs {
  public:
    explicit Structs(const ModuleLayouts& wanted) : units_{std::string(types_unit)} {
        for (const Figure& figure : wanted.figures) {
            if (figure.kind == Figure::Kind::size) {
                by_name_.emplace(figure.name, std::nullopt);
            }
        }
        for (const auto& [structure, variable] : wanted.variables) {
            by_variable_.emplace(variable, structure);
            units_.emplace(package_of(variable));
        }
    }

    /// False when the entries make no sense, or have none of the structs. `size` is that of
    /// .debug_info.
    bool find(Dwarf* dwarf, std::uint64_t size) {
        Dwarf_Off at = 0;
        Dwarf_Off next = 0;
        std::size_t header = 0;
        int status = 0;
        while ((status = dwarf_nextcu(dwarf, at, &next, &header, nullptr, nullptr, nullptr)) == 0) {
            Dwarf_Die unit;
            if (next > size || dwarf_offdie(dwarf, at + header, &unit) == nullptr) {
                return false;
            }
            // libdw trusts that strings end. In front of a zero they do; a last unit that does not
            // end in one (an assembler's, of cgo) is left alone.
            const auto* first = static_cast<const char*>(unit.addr);
            if (next == size && first[next - at - header - 1] != 0) {
                unread_ = first;
            } else if (units_.contains(name_of(unit)) && !walk(unit)) {
                return false;
            }
            at = next;
        }
        for (const auto& [name, variable] : variables_) {
            by_name_[name] = by_name_[name] ? by_name_[name] : struct_of(variable);
        }
        return status == 1 && std::any_of(by_name_.begin(), by_name_.end(), [](const auto& named) {
                   return named.second.has_value();
               });
    }

    std::optional<std::uint32_t> size(std::string_view structure) const {
        const auto found = by_name_.find(structure);
        if (found == by_name_.end() || !found->second) {
            return std::nullopt;
        }
        Dwarf_Die entry = *found->second;
        return number_of(entry, DW_AT_byte_size);
    }

    /// Of "package.struct.field.field", whose first part is the longest known struct.
    std::optional<std::uint32_t> offset(std::string_view name) const {
        for (std::size_t dot = name.rfind('.'); dot != std::string_view::npos && dot != 0;
             dot = name.rfind('.', dot - 1)) {
            const auto found = by_name_.find(name.substr(0, dot));
            if (found != by_name_.end()) {
                const auto bytes =
                    found->second ? offset_in(*found->second, name.substr(dot + 1)) : std::nullopt;
                return bytes ? std::optional(static_cast<std::uint32_t>(*bytes)) : std::nullopt;
            }
        }
        return std::nullopt;
    }

  private:
    bool walk(Dwarf_Die unit) {
        Dwarf_Die entry;
        int status = dwarf_child(&unit, &entry);
        for (; status == 0; status = dwarf_siblingof(&entry, &entry)) {
            const int tag = dwarf_tag(&entry);
            if (tag == DW_TAG_structure_type) {
                if (const auto found = by_name_.find(name_of(entry)); found != by_name_.end()) {
                    found->second = entry;
                }
            } else if (tag == DW_TAG_variable) {
                const auto found = by_variable_.find(name_of(entry));
                if (found != by_variable_.end()) {
                    variables_[found->second] = entry;
                }
            }
        }
        return status == 1;
    }

    /// The struct that an entry is of, through typedefs.
    std::optional<Dwarf_Die> struct_of(Dwarf_Die entry) const {
        for (unsigned i = 0; i < max_typedefs; ++i) {
            Dwarf_Attribute attribute;
            Dwarf_Die type;
            if (dwarf_formref_die(dwarf_attr(&entry, DW_AT_type, &attribute), &type) == nullptr ||
                (unread_ != nullptr && static_cast<const char*>(type.addr) >= unread_)) {
                return std::nullopt;
            }
            if (dwarf_tag(&type) == DW_TAG_structure_type) {
                return type;
            }
            if (dwarf_tag(&type) != DW_TAG_typedef) {
                return std::nullopt;
            }
            entry = type;
        }
        return std::nullopt;
    }

    std::optional<std::uint64_t> offset_in(Dwarf_Die structure, std::string_view path) const {
        const std::size_t dot = path.find('.');
        const std::string_view field = path.substr(0, dot);
        Dwarf_Die member;
        int status = dwarf_child(&structure, &member);
        for (unsigned i = 0; status == 0 && i < max_members; ++i) {
            if (dwarf_tag(&member) == DW_TAG_member && name_of(member) == field) {
                const auto offset = number_of(member, DW_AT_data_member_location);
                if (!offset || *offset > number_of(structure, DW_AT_byte_size).value_or(0)) {
                    return std::nullopt;
                }
                if (dot == std::string_view::npos) {
                    return offset;
                }
                const auto inner = struct_of(member);
                const auto rest = inner ? offset_in(*inner, path.substr(dot + 1)) : std::nullopt;
                return rest ? std::optional(*offset + *rest) : std::nullopt;
            }
            status = dwarf_siblingof(&member, &member);
        }
        return std::nullopt;
    }

    std::set<std::string, std::less<>> units_;
    std::map<std::string, std::optional<Dwarf_Die>, std::less<>> by_name_;
    std::map<std::string, std::string, std::less<>> by_variable_; ///< variable -> struct
    std::map<std::string, Dwarf_Die, std::less<>> variables_;     ///< by the struct
    const char* unread_ = nullptr; ///< the unit at the end of the section, if it is left alone
};

} // namespace

Result<std::vector<std::optional<std::uint32_t>>>
read_dwarf_layouts(const elf::ElfFile& file, const ModuleLayouts& wanted, std::uint64_t bound) {
    const auto size = debug_size(file);
    if (size.infos != 1 || file.descriptor() < 0) {
        return Error{"no_dwarf", "no .debug_info, or more than one"};
    }
    if (size.total > bound) {
        return Error{"dwarf_too_large", "debug sections of more than " + std::to_string(bound) +
                                            " bytes, uncompressed"};
    }
    if (file.section(".gnu_debugaltlink") != nullptr) {
        return Error{"unsupported_dwarf", "part of the DWARF is in another file"};
    }
    // Not mapped, as the whole file is not: see elf_file.h.
    elf_version(EV_CURRENT);
    const ElfHandle elf(elf_begin(file.descriptor(), ELF_C_READ, nullptr), &elf_end);
    const DwarfHandle dwarf(dwarf_begin_elf(elf.get(), DWARF_C_READ, nullptr), &dwarf_end);
    Structs structs(wanted);
    if (!dwarf || !structs.find(dwarf.get(), size.info)) {
        return Error{"malformed_dwarf", ".debug_info has no types of Go that can be read"};
    }
    std::vector<std::optional<std::uint32_t>> figures;
    figures.reserve(wanted.figures.size());
    for (const Figure& figure : wanted.figures) {
        figures.push_back(figure.kind == Figure::Kind::size ? structs.size(figure.name)
                                                            : structs.offset(figure.name));
    }
    return figures;
}

} // namespace holter::golang
