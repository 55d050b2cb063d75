// SPDX-License-Identifier: Apache-2.0
#include "loader/resolve/hotspot_classes.h"

#include "loader/elf/printable.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace holter::resolve {

namespace {

/// JDK 17 to 25 have 585 to 813.
constexpr std::size_t most_entries = 4096;
constexpr std::uint64_t largest_stride = 256;
/// Of a type or field in the tables; longer ones are none that we look for.
constexpr std::size_t longest_table_text = 64;
/// Of a class: what a label can have anyway.
constexpr std::size_t longest_name = 256;
constexpr std::size_t most_names = 4096;
/// Objects are aligned by at most 256 bytes, and class pointers are shifted by no more.
constexpr std::uint32_t largest_shift = 10;
constexpr std::uint64_t page_size = 4096;

constexpr const char* structs = "gHotSpotVMStructs";
constexpr const char* type_name_offset = "gHotSpotVMStructEntryTypeNameOffset";
constexpr const char* field_name_offset = "gHotSpotVMStructEntryFieldNameOffset";
constexpr const char* is_static_offset = "gHotSpotVMStructEntryIsStaticOffset";
constexpr const char* offset_offset = "gHotSpotVMStructEntryOffsetOffset";
constexpr const char* address_offset = "gHotSpotVMStructEntryAddressOffset";
constexpr const char* array_stride = "gHotSpotVMStructEntryArrayStride";

} // namespace

const std::vector<std::string>& HotspotClasses::variables() {
    static const std::vector<std::string> all = {
        structs,       type_name_offset, field_name_offset, is_static_offset,
        offset_offset, address_offset,   array_stride,
    };
    return all;
}

template <typename T> bool HotspotClasses::get(std::uint64_t address, T& value) const {
    return read_(address, std::as_writable_bytes(std::span<T, 1>(&value, 1)));
}

/// A text of the tables, cut where it is longer than any that is looked for.
std::string HotspotClasses::text_at(std::uint64_t address) const {
    char bytes[longest_table_text];
    const auto in_page = static_cast<std::size_t>(page_size - address % page_size);
    const std::size_t first = std::min(in_page, sizeof(bytes));
    std::size_t length = 0;
    if (!read_(address, std::as_writable_bytes(std::span(bytes, first))))
        return {};
    length = first;
    // The next page is touched only by a text that goes on there.
    if (!std::memchr(bytes, 0, first) && first < sizeof(bytes) &&
        read_(address + first,
              std::as_writable_bytes(std::span(bytes + first, sizeof(bytes) - first))))
        length = sizeof(bytes);
    return std::string(bytes, ::strnlen(bytes, length));
}

bool HotspotClasses::read_tables(const std::map<std::string, std::uint64_t>& addresses) {
    std::map<std::string, std::uint64_t> values;
    for (const auto& name : variables()) {
        const auto found = addresses.find(name);
        if (found == addresses.end() || !get(found->second, values[name]))
            return false;
    }
    const std::uint64_t stride = values[array_stride];
    if (stride < sizeof(std::uint64_t) || stride > largest_stride)
        return false;
    for (const char* member :
         {type_name_offset, field_name_offset, is_static_offset, offset_offset, address_offset})
        if (values[member] > stride - sizeof(std::uint64_t))
            return false;

    std::uint64_t entry = values[structs];
    for (std::size_t i = 0; i < most_entries; ++i, entry += stride) {
        std::uint64_t type = 0, field = 0, offset = 0, address = 0;
        std::int32_t is_static = 0;
        if (!get(entry + values[type_name_offset], type) ||
            !get(entry + values[field_name_offset], field) ||
            !get(entry + values[is_static_offset], is_static) ||
            !get(entry + values[offset_offset], offset) ||
            !get(entry + values[address_offset], address))
            return false;
        if (!type)
            break;
        const std::string type_text = text_at(type);
        if (type_text != "Klass" && type_text != "Symbol" && type_text != "CompressedKlassPointers")
            continue;
        const std::string name = type_text + "::" + text_at(field);
        if (name == "Klass::_name")
            name_offset_ = offset;
        else if (name == "Symbol::_length")
            length_offset_ = offset;
        else if (name == "Symbol::_body[0]")
            body_offset_ = offset;
        // Until JDK 21 both were members of one variable.
        else if (is_static && (name == "CompressedKlassPointers::_base" ||
                               name == "CompressedKlassPointers::_narrow_klass._base"))
            base_address_ = address;
        else if (is_static && (name == "CompressedKlassPointers::_shift" ||
                               name == "CompressedKlassPointers::_narrow_klass._shift"))
            shift_address_ = address;
    }
    return name_offset_ && length_offset_ && body_offset_ && base_address_ && shift_address_;
}

Result<HotspotClasses> HotspotClasses::open(Read read,
                                            const std::map<std::string, std::uint64_t>& addresses) {
    HotspotClasses classes(std::move(read));
    if (!classes.read_tables(addresses))
        return Error{"no_vm_structs", "libjvm's tables for debuggers do not say where classes are"};
    return classes;
}

std::string HotspotClasses::read_name(std::uint32_t compressed) const {
    std::uint64_t base = 0, symbol = 0;
    std::uint32_t shift = 0;
    std::uint16_t length = 0;
    if (!get(base_address_, base) || !get(shift_address_, shift) || shift > largest_shift)
        return {};
    const std::uint64_t klass = base + (std::uint64_t{compressed} << shift);
    if (!get(klass + name_offset_, symbol) || !get(symbol + length_offset_, length) || length == 0)
        return {};
    std::string name(std::min<std::size_t>(length, longest_name), '\0');
    if (!read_(symbol + body_offset_, std::as_writable_bytes(std::span(name.data(), name.size()))))
        return {};
    std::replace(name.begin(), name.end(), '/', '.');
    return elf::printable(name);
}

std::string HotspotClasses::name_of(std::uint32_t compressed) {
    if (const auto known = names_.find(compressed); known != names_.end())
        return known->second;
    std::string name = read_name(compressed);
    if (name.empty())
        return name;
    if (names_.size() >= most_names)
        names_.clear();
    return names_.emplace(compressed, std::move(name)).first->second;
}

} // namespace holter::resolve
