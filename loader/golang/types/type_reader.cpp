// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/types/type_reader.h"

#include "loader/elf/bytes.h"

#include <algorithm>
#include <utility>

namespace holter::golang {

namespace {

// Go's abi.Type.
constexpr std::size_t offset_size = 0, offset_pointer_bytes = 8, offset_flags = 20,
                      offset_alignment = 21, offset_field_alignment = 22, offset_kind = 23,
                      offset_name = 40;
constexpr std::uint8_t flag_uncommon = 1, flag_extra_star = 2, known_flags = 0x3f;
constexpr std::uint8_t kind_mask = 0x1f, last_kind = 26; // above: flags until Go 1.25

bool is_alignment(std::uint8_t value) {
    return value == 1 || value == 2 || value == 4 || value == 8;
}

/// Go's names are UTF-8 without control characters.
bool is_text(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char letter) {
        const auto byte = static_cast<unsigned char>(letter);
        return byte < 0x20 || byte == 0x7f;
    });
}

} // namespace

std::optional<TypeDescriptor> TypeDescriptor::parse(std::span<const std::byte> descriptor,
                                                    std::uint64_t names) {
    if (descriptor.size() < bytes)
        return std::nullopt;
    TypeDescriptor type;
    const auto flags = elf::load<std::uint8_t>(descriptor, offset_flags);
    const auto kind = elf::load<std::uint8_t>(descriptor, offset_kind) & kind_mask;
    const auto name = elf::load<std::int32_t>(descriptor, offset_name);
    type.size = elf::load<std::uint64_t>(descriptor, offset_size);
    if ((flags & ~known_flags) != 0 || kind == 0 || kind > last_kind || name <= 0 ||
        static_cast<std::uint64_t>(name) >= names ||
        !is_alignment(elf::load<std::uint8_t>(descriptor, offset_alignment)) ||
        !is_alignment(elf::load<std::uint8_t>(descriptor, offset_field_alignment)) ||
        elf::load<std::uint64_t>(descriptor, offset_pointer_bytes) > type.size)
        return std::nullopt;
    type.kind = static_cast<TypeKind>(kind);
    type.name = static_cast<std::uint32_t>(name);
    type.has_methods = (flags & flag_uncommon) != 0;
    type.starred = (flags & flag_extra_star) != 0;
    return type;
}

bool TypeDescriptor::may_have_methods(const std::byte* descriptor) {
    const auto flags = static_cast<std::uint8_t>(descriptor[offset_flags]);
    return (flags & flag_uncommon) != 0 && (flags & ~known_flags) == 0 &&
           is_alignment(static_cast<std::uint8_t>(descriptor[offset_alignment]));
}

TypeReader::TypeReader(elf::ElfFile file, const ModuleData& module_data)
    : file_(std::move(file)), begin_(module_data.types),
      end_(std::max(module_data.types, module_data.types_end)) {}

std::optional<TypeDescriptor> TypeReader::descriptor(std::uint64_t address) const {
    if (address < begin_ || address >= end_ || end_ - address < TypeDescriptor::bytes ||
        address % sizeof(std::uint64_t) != 0)
        return std::nullopt;
    const auto bytes = file_.at_address(address, TypeDescriptor::bytes);
    return bytes ? TypeDescriptor::parse(*bytes, end_ - begin_) : std::nullopt;
}

std::optional<std::string> TypeReader::text(std::uint32_t offset) const {
    // A byte of flags, the length as a varint of two bytes at most, the text.
    constexpr std::size_t longest_head = 3;
    const std::uint64_t address = begin_ + offset;
    if (offset >= end_ - begin_)
        return std::nullopt;
    const auto head = file_.at_address(
        address, static_cast<std::size_t>(std::min<std::uint64_t>(longest_head, end_ - address)));
    if (!head || head->size() < 2)
        return std::nullopt;
    std::size_t length = elf::load<std::uint8_t>(*head, 1), start = 2;
    if (length >= 0x80) {
        if (head->size() < longest_head)
            return std::nullopt;
        length = (length & 0x7f) | std::size_t{elf::load<std::uint8_t>(*head, 2)} << 7;
        start = longest_head;
    }
    if (length == 0 || length > longest_name)
        return std::nullopt;
    return constant(address + start, length);
}

std::optional<std::string> TypeReader::constant(std::uint64_t address, std::uint64_t length) const {
    if (length == 0 || length > longest_name)
        return std::nullopt;
    const auto bytes = file_.at_address(address, static_cast<std::size_t>(length));
    if (!bytes)
        return std::nullopt;
    std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    return is_text(text) ? std::optional(std::move(text)) : std::nullopt;
}

std::optional<std::string> TypeReader::name(std::uint64_t address) const {
    const auto type = descriptor(address);
    if (!type)
        return std::nullopt;
    auto name = text(type->name);
    if (name && type->starred) {
        if (name->front() != '*')
            return std::nullopt;
        name->erase(0, 1);
    }
    return name && !name->empty() ? name : std::nullopt;
}

} // namespace holter::golang
