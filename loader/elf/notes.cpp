// SPDX-License-Identifier: Apache-2.0
//
// PT_NOTE segments are there without section headers, too.
#include "loader/elf/bytes.h"
#include "loader/elf/elf_file.h"

#include <algorithm>
#include <elf.h>

namespace holter::elf {
namespace {

constexpr std::uint64_t max_notes = 1 << 20;
constexpr std::uint64_t max_build_id = 64;

std::uint64_t padded(std::uint64_t size, std::uint64_t alignment) {
    return (size + alignment - 1) / alignment * alignment;
}

std::string hexadecimal(std::span<const std::byte> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::byte b : bytes) {
        text += digits[std::to_integer<std::size_t>(b >> 4)];
        text += digits[std::to_integer<std::size_t>(b & std::byte{15})];
    }
    return text;
}

std::optional<std::string> build_id_among(std::span<const std::byte> notes) {
    constexpr std::string_view owner{"GNU\0", 4};
    while (notes.size() >= sizeof(Elf64_Nhdr)) {
        const auto header = load<Elf64_Nhdr>(notes, 0);
        notes = notes.subspan(sizeof header);
        const std::uint64_t name_size = padded(header.n_namesz, 4);
        const std::uint64_t value_size = padded(header.n_descsz, 4);
        if (name_size > notes.size() || header.n_descsz > notes.size() - name_size) {
            return std::nullopt;
        }
        const auto value = notes.subspan(name_size, header.n_descsz);
        if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == owner.size() &&
            std::memcmp(notes.data(), owner.data(), owner.size()) == 0 && !value.empty() &&
            value.size() <= max_build_id) {
            return hexadecimal(value);
        }
        notes = notes.subspan(name_size + std::min(value_size, notes.size() - name_size));
    }
    return std::nullopt;
}

} // namespace

std::optional<std::string> ElfFile::build_id() const {
    for (const Segment& segment : segments_) {
        if (segment.type != PT_NOTE || segment.file_size > max_notes) {
            continue;
        }
        const auto notes = at_offset(segment.offset, segment.file_size);
        if (auto id = notes ? build_id_among(*notes) : std::nullopt) {
            return id;
        }
    }
    return std::nullopt;
}

} // namespace holter::elf
