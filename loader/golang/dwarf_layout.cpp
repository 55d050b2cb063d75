// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/dwarf_layout.h"

#include "loader/golang/debug_section.h"
#include "loader/golang/dwarf_abbrev.h"

#include <algorithm>
#include <dwarf.h>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace holter::golang {

namespace {

/// The unit that has the types of all packages.
constexpr std::string_view types_unit = "runtime";
/// Names in Go are shorter, but for anonymous structs, whose beginning is enough.
constexpr std::size_t max_name = 200;
/// Of structs, members and typedefs that are kept: 8 to 16 bytes each.
constexpr std::size_t max_kept = std::size_t{1} << 18;
constexpr unsigned max_typedefs = 8; // in a chain
constexpr unsigned max_nesting = 8;  // of a path of fields

using Offset = std::uint32_t; ///< in .debug_info

struct Member {
    std::uint32_t name = 0; ///< index of Wanted::fields
    std::uint32_t bytes = 0;
    Offset type = 0;
};

struct Struct {
    Offset offset = 0;
    std::uint32_t bytes = 0;
    std::uint32_t first_member = 0;
    std::uint32_t member_count = 0;
};

std::string_view package_of(std::string_view name) {
    const std::size_t slash = name.rfind('/');
    const std::size_t dot = name.find('.', slash == std::string_view::npos ? 0 : slash);
    return name.substr(0, dot);
}

/// The table's wishes, by the names DWARF has.
struct Wanted {
    explicit Wanted(const ModuleLayouts& layouts) {
        for (const Figure& figure : layouts.figures) {
            if (figure.kind == Figure::Kind::size) {
                structs.emplace(figure.name, std::nullopt);
                packages.insert(std::string(package_of(figure.name)) + ".");
            }
        }
        for (const auto& [structure, variable] : layouts.variables) {
            variables.emplace(variable, std::nullopt);
            units.insert(std::string(package_of(variable)));
        }
        units.insert(std::string(types_unit));
        for (const Figure& figure : layouts.figures) {
            if (figure.kind == Figure::Kind::offset) {
                add_fields(figure.name);
            }
        }
    }

    /// Splits "package.struct.field.field" behind the longest known struct.
    std::pair<std::string_view, std::string_view> split(std::string_view name) const {
        for (std::size_t dot = name.rfind('.'); dot != std::string_view::npos && dot != 0;
             dot = name.rfind('.', dot - 1)) {
            if (structs.count(std::string(name.substr(0, dot))) != 0) {
                return {name.substr(0, dot), name.substr(dot + 1)};
            }
        }
        return {};
    }

    bool may_contain_wanted(std::string_view name) const {
        return name.starts_with("struct {") ||
               std::any_of(packages.begin(), packages.end(),
                           [&](const std::string& package) { return name.starts_with(package); });
    }

    std::unordered_map<std::string, std::optional<std::size_t>> structs; ///< -> index of structs
    std::unordered_map<std::string, std::optional<Offset>> variables;    ///< -> their type
    std::unordered_map<std::string, std::uint32_t> fields;
    std::set<std::string> units;
    std::set<std::string> packages; ///< with a dot behind

  private:
    void add_fields(std::string_view name) {
        std::string_view path = split(name).second;
        while (!path.empty()) {
            const std::size_t dot = path.find('.');
            fields.emplace(path.substr(0, dot), static_cast<std::uint32_t>(fields.size()));
            path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
        }
    }
};

struct UnitHeader {
    std::uint64_t begin = 0; ///< of the unit, to which its own references are relative
    std::uint64_t end = 0;
    unsigned version = 0;
    unsigned offset_size = 4;
    unsigned address_size = 8;
    std::uint64_t abbreviations = 0;
};

/// The attributes of one entry that matter here.
struct Entry {
    std::string name;
    bool named = false;
    std::optional<std::uint64_t> bytes;    ///< DW_AT_byte_size
    std::optional<std::uint64_t> location; ///< DW_AT_data_member_location
    std::optional<Offset> type;
};

class Scanner {
  public:
    Scanner(DebugSection info, DwarfAbbreviations abbreviations, const ModuleLayouts& layouts)
        : info_(std::move(info)), abbreviations_(std::move(abbreviations)), layouts_(layouts),
          wanted_(layouts) {}

    /// Reads until everything is known that can be; false if the section ends or breaks before.
    bool scan() {
        while (!info_.at_end()) {
            UnitHeader unit;
            if (!read_header(unit)) {
                return false;
            }
            if (unit.version != 0 && abbreviations_.use(unit.abbreviations) && !read_unit(unit)) {
                return false;
            }
            if (info_.failed() || info_.position() > unit.end) {
                return false;
            }
            if (complete()) {
                return true;
            }
            info_.skip(unit.end - info_.position());
        }
        return found_types_ && !info_.failed();
    }

    std::uint64_t read_so_far() const { return info_.position(); }

    std::vector<std::optional<std::uint32_t>> figures() const {
        std::vector<std::optional<std::uint32_t>> out;
        out.reserve(layouts_.figures.size());
        for (const Figure& figure : layouts_.figures) {
            if (figure.kind == Figure::Kind::size) {
                const Struct* structure = find_struct(figure.name);
                out.push_back(structure ? std::optional(structure->bytes) : std::nullopt);
            } else {
                const auto [structure, path] = wanted_.split(figure.name);
                out.push_back(offset_of(find_struct(structure), path));
            }
        }
        return out;
    }

  private:
    /// `version` stays 0 for a unit of a kind that is not read.
    bool read_header(UnitHeader& unit) {
        unit.begin = info_.position();
        std::uint64_t length = info_.fixed(4);
        if (length == 0xffffffff) {
            unit.offset_size = 8;
            length = info_.fixed(8);
        }
        if (info_.failed() || length > std::numeric_limits<Offset>::max() - info_.position()) {
            return false;
        }
        unit.end = info_.position() + length;
        const auto version = static_cast<unsigned>(info_.fixed(2));
        if (version < 2 || version > 5) {
            return info_.position() <= unit.end;
        }
        if (version == 5) {
            if (info_.u8() != DW_UT_compile) {
                return info_.position() <= unit.end;
            }
            unit.address_size = info_.u8();
            unit.abbreviations = info_.fixed(unit.offset_size);
        } else {
            unit.abbreviations = info_.fixed(unit.offset_size);
            unit.address_size = info_.u8();
        }
        unit.version = version;
        return unit.address_size <= 8 && info_.position() <= unit.end;
    }

    /// False when the entries make no sense.
    bool read_unit(const UnitHeader& unit) {
        std::size_t depth = 0;
        std::size_t struct_depth = 0; ///< of the members of the struct being read; 0: none
        bool root = true;
        Entry entry;
        while (!info_.failed() && info_.position() < unit.end) {
            const auto at = static_cast<Offset>(info_.position());
            const std::uint64_t code = info_.uleb();
            if (code == 0) {
                if (depth == 0) {
                    return true; // padding behind the root
                }
                if (depth == struct_depth) {
                    struct_depth = 0;
                }
                if (--depth == 0) {
                    return true;
                }
                continue;
            }
            const DwarfDeclaration* declaration = abbreviations_.find(code);
            if (declaration == nullptr) {
                return root; // of a root: a unit that cannot be read, but others may
            }
            const bool matters = root || declaration->tag == DW_TAG_structure_type ||
                                 declaration->tag == DW_TAG_typedef ||
                                 declaration->tag == DW_TAG_variable ||
                                 (declaration->tag == DW_TAG_member && depth == struct_depth);
            if (!read_entry(unit, *declaration, matters ? &entry : nullptr)) {
                return false;
            }
            if (root) {
                if (!entry.named || wanted_.units.count(entry.name) == 0) {
                    return true;
                }
                root = false;
            } else if (matters && !keep(at, *declaration, entry)) {
                return false;
            }
            if (declaration->has_children) {
                ++depth;
                if (declaration->tag == DW_TAG_structure_type && keeping_members_) {
                    struct_depth = depth;
                }
            }
        }
        return !info_.failed();
    }

    bool keep(Offset at, const DwarfDeclaration& declaration, const Entry& entry) {
        switch (declaration.tag) {
        case DW_TAG_structure_type:
            return keep_struct(at, entry);
        case DW_TAG_member:
            return keep_member(entry);
        case DW_TAG_typedef:
            if (entry.type && wanted_.may_contain_wanted(entry.name)) {
                typedefs_.emplace_back(at, *entry.type);
            }
            return typedefs_.size() < max_kept;
        default: // a variable
            if (const auto found = wanted_.variables.find(entry.name);
                found != wanted_.variables.end() && entry.type) {
                found->second = entry.type;
            }
            return true;
        }
    }

    bool keep_struct(Offset at, const Entry& entry) {
        keeping_members_ = wanted_.may_contain_wanted(entry.name) && entry.bytes &&
                           *entry.bytes <= std::numeric_limits<std::uint32_t>::max();
        if (!keeping_members_) {
            return true;
        }
        if (const auto found = wanted_.structs.find(entry.name); found != wanted_.structs.end()) {
            found->second = structs_.size();
            found_types_ = true;
        }
        structs_.push_back({at, static_cast<std::uint32_t>(*entry.bytes),
                            static_cast<std::uint32_t>(members_.size()), 0});
        return structs_.size() < max_kept;
    }

    bool keep_member(const Entry& entry) {
        const auto field = wanted_.fields.find(entry.name);
        if (field == wanted_.fields.end() || !entry.location || !entry.type) {
            return true;
        }
        Struct& structure = structs_.back();
        if (*entry.location > structure.bytes) {
            return false;
        }
        members_.push_back(
            {field->second, static_cast<std::uint32_t>(*entry.location), *entry.type});
        ++structure.member_count;
        return members_.size() < max_kept;
    }

    /// Reads the attributes of one entry, into `entry` if there is one. False for a form that has
    /// no known length.
    bool read_entry(const UnitHeader& unit, const DwarfDeclaration& declaration, Entry* entry) {
        if (entry != nullptr) {
            entry->name.clear();
            entry->named = false;
            entry->bytes = entry->location = std::nullopt;
            entry->type = std::nullopt;
        }
        for (const DwarfAttribute& attribute : declaration.attributes) {
            bool ok = true;
            if (entry == nullptr) {
                ok = skip(unit, attribute.form);
            } else if (attribute.name == DW_AT_name && attribute.form == DW_FORM_string) {
                info_.string(entry->name, max_name);
                entry->named = true;
            } else if (attribute.name == DW_AT_byte_size) {
                ok = read_number(unit, attribute, entry->bytes);
            } else if (attribute.name == DW_AT_data_member_location) {
                ok = read_location(unit, attribute, entry->location);
            } else if (attribute.name == DW_AT_type) {
                ok = read_reference(unit, attribute.form, entry->type);
            } else {
                ok = skip(unit, attribute.form);
            }
            if (!ok) {
                return false;
            }
        }
        return !info_.failed();
    }

    bool read_number(const UnitHeader& unit, const DwarfAttribute& attribute,
                     std::optional<std::uint64_t>& out) {
        switch (attribute.form) {
        case DW_FORM_data1:
            out = info_.u8();
            return true;
        case DW_FORM_data2:
            out = info_.fixed(2);
            return true;
        case DW_FORM_data4:
            out = info_.fixed(4);
            return true;
        case DW_FORM_data8:
            out = info_.fixed(8);
            return true;
        case DW_FORM_udata:
        case DW_FORM_sdata: // of a size or an offset: positive, and of seven more bits
            out = info_.uleb();
            return true;
        case DW_FORM_implicit_const:
            out = attribute.implicit;
            return true;
        default:
            return skip(unit, attribute.form);
        }
    }

    /// A number, or the expression `DW_OP_plus_uconst number`.
    bool read_location(const UnitHeader& unit, const DwarfAttribute& attribute,
                       std::optional<std::uint64_t>& out) {
        if (attribute.form != DW_FORM_block1 && attribute.form != DW_FORM_exprloc) {
            return read_number(unit, attribute, out);
        }
        const std::uint64_t length = attribute.form == DW_FORM_block1 ? info_.u8() : info_.uleb();
        const std::uint64_t begin = info_.position();
        if (length >= 2 && info_.u8() == DW_OP_plus_uconst) {
            out = info_.uleb();
        }
        const std::uint64_t used = info_.position() - begin;
        if (used > length) {
            return false;
        }
        info_.skip(length - used);
        return true;
    }

    bool read_reference(const UnitHeader& unit, std::uint32_t form, std::optional<Offset>& out) {
        std::uint64_t base = unit.begin;
        std::uint64_t value = 0;
        switch (form) {
        case DW_FORM_ref_addr:
            base = 0;
            value = info_.fixed(unit.version == 2 ? unit.address_size : unit.offset_size);
            break;
        case DW_FORM_ref1:
            value = info_.u8();
            break;
        case DW_FORM_ref2:
            value = info_.fixed(2);
            break;
        case DW_FORM_ref4:
            value = info_.fixed(4);
            break;
        case DW_FORM_ref8:
            value = info_.fixed(8);
            break;
        case DW_FORM_ref_udata:
            value = info_.uleb();
            break;
        default:
            return skip(unit, form);
        }
        if (value <= std::numeric_limits<Offset>::max() - base) {
            out = static_cast<Offset>(base + value);
        }
        return true;
    }

    bool skip(const UnitHeader& unit, std::uint32_t form) {
        for (unsigned indirections = 0; form == DW_FORM_indirect; ++indirections) {
            form = static_cast<std::uint32_t>(info_.uleb());
            if (indirections == 4) {
                return false;
            }
        }
        switch (form) {
        case DW_FORM_flag_present:
        case DW_FORM_implicit_const:
            return true;
        case DW_FORM_data1:
        case DW_FORM_flag:
        case DW_FORM_ref1:
        case DW_FORM_strx1:
        case DW_FORM_addrx1:
            info_.skip(1);
            return true;
        case DW_FORM_data2:
        case DW_FORM_ref2:
        case DW_FORM_strx2:
        case DW_FORM_addrx2:
            info_.skip(2);
            return true;
        case DW_FORM_strx3:
        case DW_FORM_addrx3:
            info_.skip(3);
            return true;
        case DW_FORM_data4:
        case DW_FORM_ref4:
        case DW_FORM_strx4:
        case DW_FORM_addrx4:
        case DW_FORM_ref_sup4:
            info_.skip(4);
            return true;
        case DW_FORM_data8:
        case DW_FORM_ref8:
        case DW_FORM_ref_sig8:
        case DW_FORM_ref_sup8:
            info_.skip(8);
            return true;
        case DW_FORM_data16:
            info_.skip(16);
            return true;
        case DW_FORM_addr:
            info_.skip(unit.address_size);
            return true;
        case DW_FORM_ref_addr:
            info_.skip(unit.version == 2 ? unit.address_size : unit.offset_size);
            return true;
        case DW_FORM_strp:
        case DW_FORM_line_strp:
        case DW_FORM_strp_sup:
        case DW_FORM_sec_offset:
        case DW_FORM_GNU_ref_alt:
        case DW_FORM_GNU_strp_alt:
            info_.skip(unit.offset_size);
            return true;
        case DW_FORM_sdata:
        case DW_FORM_udata:
        case DW_FORM_ref_udata:
        case DW_FORM_strx:
        case DW_FORM_addrx:
        case DW_FORM_loclistx:
        case DW_FORM_rnglistx:
        case DW_FORM_GNU_addr_index:
        case DW_FORM_GNU_str_index:
            info_.skip_leb();
            return true;
        case DW_FORM_string:
            info_.skip_string();
            return true;
        case DW_FORM_block1:
            info_.skip(info_.u8());
            return true;
        case DW_FORM_block2:
            info_.skip(info_.fixed(2));
            return true;
        case DW_FORM_block4:
            info_.skip(info_.fixed(4));
            return true;
        case DW_FORM_block:
        case DW_FORM_exprloc:
            info_.skip(info_.uleb());
            return true;
        default:
            return false;
        }
    }

    /// The unit with the types has been read, and of structs that are not in it by name, the
    /// variable.
    bool complete() const {
        return found_types_ &&
               std::all_of(layouts_.variables.begin(), layouts_.variables.end(),
                           [&](const auto& named) {
                               const auto structure = wanted_.structs.find(named.first);
                               return structure == wanted_.structs.end() || structure->second ||
                                      wanted_.variables.at(named.second);
                           });
    }

    const Struct* find_struct(std::string_view name) const {
        const auto found = wanted_.structs.find(std::string(name));
        if (found != wanted_.structs.end() && found->second) {
            return &structs_[*found->second];
        }
        const auto named = layouts_.variables.find(name);
        if (named == layouts_.variables.end()) {
            return nullptr;
        }
        const auto type = wanted_.variables.at(named->second);
        return type ? struct_at(*type) : nullptr;
    }

    /// The struct that a reference leads to, through typedefs.
    const Struct* struct_at(Offset offset) const {
        for (unsigned i = 0; i < max_typedefs; ++i) {
            const auto found = std::lower_bound(
                typedefs_.begin(), typedefs_.end(), offset,
                [](const auto& entry, Offset value) { return entry.first < value; });
            if (found == typedefs_.end() || found->first != offset) {
                break;
            }
            offset = found->second;
        }
        const auto found = std::lower_bound(
            structs_.begin(), structs_.end(), offset,
            [](const Struct& structure, Offset value) { return structure.offset < value; });
        return found != structs_.end() && found->offset == offset ? &*found : nullptr;
    }

    std::optional<std::uint32_t> offset_of(const Struct* structure, std::string_view path) const {
        std::uint64_t bytes = 0;
        for (unsigned i = 0; i < max_nesting && structure != nullptr && !path.empty(); ++i) {
            const std::size_t dot = path.find('.');
            const std::uint32_t field = wanted_.fields.at(std::string(path.substr(0, dot)));
            const auto first = members_.begin() + structure->first_member;
            const auto last = first + structure->member_count;
            const auto member =
                std::find_if(first, last, [&](const Member& m) { return m.name == field; });
            if (member == last) {
                return std::nullopt;
            }
            bytes += member->bytes;
            if (dot == std::string_view::npos) {
                return static_cast<std::uint32_t>(bytes);
            }
            path.remove_prefix(dot + 1);
            structure = struct_at(member->type);
        }
        return std::nullopt;
    }

    DebugSection info_;
    DwarfAbbreviations abbreviations_;
    const ModuleLayouts& layouts_;
    Wanted wanted_;
    // All in the order of the section, so that they can be searched by offset.
    std::vector<Struct> structs_;
    std::vector<Member> members_;
    std::vector<std::pair<Offset, Offset>> typedefs_;
    bool keeping_members_ = false; ///< of the struct read last
    bool found_types_ = false;
};

} // namespace

Result<std::vector<std::optional<std::uint32_t>>>
read_dwarf_layouts(const elf::ElfFile& file, const ModuleLayouts& wanted, std::uint64_t bound) {
    auto abbreviations = DwarfAbbreviations::read(file);
    if (!abbreviations) {
        return abbreviations.error();
    }
    auto info = DebugSection::open(file, "info", bound);
    if (!info) {
        return info.error();
    }
    Scanner scanner(std::move(info).value(), std::move(abbreviations).value(), wanted);
    if (!scanner.scan()) {
        return scanner.read_so_far() >= bound
                   ? Error{"dwarf_too_large", "no types in the first " + std::to_string(bound) +
                                                  " bytes of .debug_info"}
                   : Error{"malformed_dwarf", ".debug_info has no types of Go that can be read"};
    }
    return scanner.figures();
}

} // namespace holter::golang
