// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/build_info.h"

#include "loader/elf/bytes.h"
#include "loader/elf/printable.h"
#include "loader/elf/window.h"

#include <algorithm>
#include <elf.h>

namespace holter::golang {
namespace {

using elf::ElfFile;
using elf::Window;

constexpr std::string_view magic = "\xff Go buildinf:";
constexpr std::size_t header_size = 32;
constexpr std::size_t alignment = 16;
constexpr std::uint64_t max_version = 256;
constexpr std::uint64_t max_module_info = 4 << 20;
constexpr unsigned char flag_inline_strings = 2;
constexpr unsigned char flag_big_endian = 1;

struct Texts {
    std::string version;
    std::string modules;
};

bool has_magic(std::span<const std::byte> bytes) {
    return bytes.size() >= header_size &&
           std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

/// Offset of the header in [begin, end), aligned as the linker aligns it in memory.
std::optional<std::uint64_t> scan(const ElfFile& file, std::uint64_t begin, std::uint64_t end) {
    Window window(file, begin, end);
    for (std::uint64_t offset = begin;;) {
        const auto bytes = window.from(offset);
        if (bytes.size() < header_size) {
            return std::nullopt;
        }
        std::size_t i = 0;
        for (; i + header_size <= bytes.size(); i += alignment) {
            if (has_magic(bytes.subspan(i, header_size))) {
                return offset + i;
            }
        }
        offset += i;
    }
}

std::optional<std::uint64_t> locate(const ElfFile& file) {
    if (const elf::Section* section = file.section(".go.buildinfo")) {
        const auto bytes = file.at_offset(section->offset, header_size);
        if (bytes && has_magic(*bytes)) {
            return section->offset;
        }
    }
    // Writable data first: that is where linkers put it.
    for (const bool writable : {true, false}) {
        for (const elf::Segment& segment : file.segments()) {
            if (segment.type != PT_LOAD || (segment.flags & PF_X) != 0 ||
                ((segment.flags & PF_W) != 0) != writable) {
                continue;
            }
            const std::uint64_t start = (segment.address + alignment - 1) / alignment * alignment;
            const std::uint64_t length = file.contiguous_from(start);
            const auto begin = file.offset_of(start);
            if (const auto found = begin ? scan(file, *begin, *begin + length) : std::nullopt) {
                return found;
            }
        }
    }
    return std::nullopt;
}

std::string to_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Takes a string with its length as a varint before it, which is at `offset`; moves `offset`
/// behind it.
std::optional<std::string> take_string(const ElfFile& file, std::uint64_t& offset,
                                       std::uint64_t limit) {
    std::uint64_t length = 0;
    for (unsigned shift = 0;; shift += 7) {
        const auto byte = file.at_offset(offset, 1);
        if (!byte || shift > 28) {
            return std::nullopt;
        }
        ++offset;
        const auto bits = std::to_integer<std::uint64_t>(byte->front());
        length |= (bits & 0x7fU) << shift;
        if ((bits & 0x80U) == 0) {
            break;
        }
    }
    const auto bytes = length <= limit ? file.at_offset(offset, length) : std::nullopt;
    if (!bytes) {
        return std::nullopt;
    }
    offset += length;
    return to_text(*bytes);
}

/// The string whose Go header (pointer, length) is at `address`.
std::optional<std::string> string_at(const ElfFile& file, std::uint64_t address,
                                     std::uint64_t limit) {
    const auto header = file.words_at(address, 2);
    if (!header || (*header)[1] > limit) {
        return std::nullopt;
    }
    const auto bytes = file.at_address((*header)[0], (*header)[1]);
    return bytes ? std::optional(to_text(*bytes)) : std::nullopt;
}

std::optional<Texts> read_texts(const ElfFile& file, std::uint64_t offset) {
    const auto header = file.at_offset(offset, header_size);
    if (!header) {
        return std::nullopt;
    }
    const auto pointer_size = elf::load<unsigned char>(*header, 14);
    const auto flags = elf::load<unsigned char>(*header, 15);
    if ((flags & flag_inline_strings) != 0) {
        std::uint64_t cursor = offset + header_size;
        auto version = take_string(file, cursor, max_version);
        auto modules = take_string(file, cursor, max_module_info);
        if (!version) {
            return std::nullopt;
        }
        return Texts{*std::move(version), std::move(modules).value_or("")};
    }
    // Go 1.17 and earlier: two pointers to strings.
    const auto address = file.address_of(offset);
    const auto pointers = address ? file.words_at(*address + 16, 2) : std::nullopt;
    if (!pointers || pointer_size != 8 || (flags & flag_big_endian) != 0) {
        return std::nullopt;
    }
    auto version = string_at(file, (*pointers)[0], max_version);
    auto modules = string_at(file, (*pointers)[1], max_module_info);
    if (!version) {
        return std::nullopt;
    }
    return Texts{*std::move(version), std::move(modules).value_or("")};
}

std::string_view take_until(std::string_view& text, char separator) {
    const std::size_t end = text.find(separator);
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return field;
}

/// Takes a setting's key or value off the front: up to `end`, or quoted as Go quotes strings.
std::string take_quoted(std::string_view& text, char end) {
    if (text.starts_with('`')) {
        text.remove_prefix(1);
        std::string raw(take_until(text, '`'));
        take_until(text, end);
        return raw;
    }
    if (!text.starts_with('"')) {
        return std::string(take_until(text, end));
    }
    text.remove_prefix(1);
    std::string value;
    while (!text.empty() && text.front() != '"') {
        if (text.front() == '\\' && text.size() > 1) {
            text.remove_prefix(1);
            const char c = text.front();
            if (c != '"' && c != '\\') {
                value += '\\'; // rarer escapes stay as they are written
            }
            value += c;
        } else {
            value += text.front();
        }
        text.remove_prefix(1);
    }
    take_until(text, end);
    return value;
}

Module take_module(std::string_view line) {
    Module module;
    module.path = elf::printable(take_until(line, '\t'));
    module.version = elf::printable(take_until(line, '\t'));
    return module;
}

void parse_modules(std::string_view text, BuildInfo& info) {
    // A marker of 16 bytes on both sides lets tools find the text in a core dump.
    constexpr std::size_t marker = 16;
    if (text.size() < 2 * marker + 1 || text[text.size() - marker - 1] != '\n') {
        return;
    }
    text = text.substr(marker, text.size() - 2 * marker);
    Module* last = nullptr;
    while (!text.empty()) {
        std::string_view line = take_until(text, '\n');
        const std::string_view kind = take_until(line, '\t');
        if (kind == "path") {
            info.path = elf::printable(line);
        } else if (kind == "mod") {
            last = &info.main.emplace(take_module(line));
        } else if (kind == "dep") {
            last = &info.dependencies.emplace_back(take_module(line));
        } else if (kind == "=>" && last != nullptr) {
            Module replacement = take_module(line);
            last->version = std::move(replacement.version);
            last->replaced_by = std::move(replacement.path);
        } else if (kind == "build") {
            const std::string key = elf::printable(take_quoted(line, '='));
            info.settings[key] = elf::printable(take_quoted(line, '\n'));
        }
    }
}

} // namespace

const Module* BuildInfo::module(std::string_view module_path) const {
    if (main && main->path == module_path) {
        return &*main;
    }
    const auto found = std::find_if(dependencies.begin(), dependencies.end(),
                                    [&](const Module& m) { return m.path == module_path; });
    return found == dependencies.end() ? nullptr : &*found;
}

std::string_view BuildInfo::setting(const std::string& key) const {
    const auto found = settings.find(key);
    return found == settings.end() ? std::string_view{} : std::string_view{found->second};
}

Result<BuildInfo> read_build_info(const ElfFile& file) {
    const auto offset = locate(file);
    if (!offset) {
        return Error{"not_go", "no Go build info in this file"};
    }
    const auto texts = read_texts(file, *offset);
    if (!texts || texts->version.empty()) {
        return Error{"malformed_build_info",
                     "the Go build info at offset " + std::to_string(*offset) + " is damaged"};
    }
    BuildInfo info;
    info.version = elf::printable(texts->version);
    info.go = parse_go_version(info.version);
    parse_modules(texts->modules, info);
    return info;
}

} // namespace holter::golang
