// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/functions/pclntab.h"

#include "loader/elf/bytes.h"
#include "loader/elf/window.h"

#include <algorithm>
#include <elf.h>
#include <optional>

namespace holter::golang {
namespace {

using elf::ElfFile;
using elf::load;

constexpr std::uint32_t magic_1_18 = 0xfffffff0;
constexpr std::uint32_t magic_1_20 = 0xfffffff1;
constexpr std::uint32_t magic_1_16 = 0xfffffffa;
constexpr std::uint32_t magic_1_2 = 0xfffffffb;
constexpr std::size_t header_size = 72;
constexpr std::size_t entry_size = 8;
// Ten times the largest programs; a count beyond it is damage, and would cost memory.
constexpr std::uint64_t max_functions = 10'000'000;
// Places that look like a header, but are none, after which a scan gives up.
constexpr int max_candidates = 64;

/// A stretch of the file in which a table may be.
struct Range {
    std::uint64_t address = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::string name;
};

bool is_known(std::uint32_t magic) {
    return magic == magic_1_18 || magic == magic_1_20;
}

/// The first eight bytes: magic, two zeroes, instruction unit, pointer size.
bool looks_like_header(std::span<const std::byte> bytes) {
    const auto magic = load<std::uint32_t>(bytes, 0);
    const auto unit = load<unsigned char>(bytes, 6);
    return (is_known(magic) || magic == magic_1_16 || magic == magic_1_2) &&
           load<std::uint16_t>(bytes, 4) == 0 && (unit == 1 || unit == 2 || unit == 4) &&
           load<unsigned char>(bytes, 7) == 8;
}

Result<Pclntab> read_header(const ElfFile& file, const Range& range, std::string source) {
    const auto bytes =
        range.size >= header_size ? file.at_offset(range.offset, header_size) : std::nullopt;
    if (!bytes || !looks_like_header(*bytes)) {
        return Error{"malformed_pclntab", range.name + " does not begin with a pclntab"};
    }
    if (!is_known(load<std::uint32_t>(*bytes, 0))) {
        return Error{"unknown_pclntab", "the pclntab is of Go 1.17 or older"};
    }
    const auto word = [&](std::size_t at) { return load<std::uint64_t>(*bytes, at); };
    const std::uint64_t count = word(8);
    const std::uint64_t text_start = word(24);
    const std::uint64_t names = word(32);
    const std::uint64_t units = word(40);
    const std::uint64_t pc_values = word(56);
    const std::uint64_t functions = word(64);
    const std::uint64_t available = std::min(range.size, file.size() - range.offset);
    if (names < header_size || units < names || pc_values < units || functions < pc_values ||
        functions > available || count > max_functions ||
        count * entry_size + entry_size / 2 > available - functions) {
        return Error{"malformed_pclntab", "the pclntab in " + range.name +
                                              " has tables outside of it or in the wrong order"};
    }
    Pclntab table;
    table.address = range.address;
    table.offset = range.offset;
    table.function_count = count;
    table.end = range.offset + available;
    table.names = range.offset + names;
    table.names_end = range.offset + units;
    table.pc_values = range.offset + pc_values;
    table.pc_values_end = range.offset + functions;
    table.functions = range.offset + functions;
    table.text_start = text_start;
    table.instruction_size = load<unsigned char>(*bytes, 6);
    table.has_start_line = load<std::uint32_t>(*bytes, 0) == magic_1_20;
    table.source = std::move(source);
    return table;
}

/// The first address in the range where a header can be read; or the last error on the way.
Result<Pclntab> scan(const ElfFile& file, const Range& range) {
    Error failure{"no_pclntab", "no pclntab in " + range.name};
    elf::Window window(file, range.offset, range.offset + range.size);
    int candidates = max_candidates;
    const std::uint64_t misaligned = range.address % 8;
    std::uint64_t offset = range.offset + (misaligned == 0 ? 0 : 8 - misaligned);
    for (;;) {
        const auto bytes = window.from(offset);
        const std::size_t usable = bytes.size() / 8 * 8;
        if (usable == 0) {
            return failure;
        }
        for (std::size_t i = 0; i < usable; i += 8) {
            if (load<std::uint32_t>(bytes, i) < magic_1_18 ||
                !looks_like_header(bytes.subspan(i, 8))) {
                continue;
            }
            if (--candidates < 0) {
                return failure;
            }
            const std::uint64_t skipped = offset + i - range.offset;
            auto table = read_header(
                file,
                {range.address + skipped, range.offset + skipped, range.size - skipped, range.name},
                "pclntab in " + range.name + " (scan)");
            if (table) {
                return table;
            }
            failure = table.error();
        }
        offset += usable;
    }
}

Range range_of(const elf::Section& section) {
    return {section.address, section.offset, section.size, section.name};
}

} // namespace

Result<Pclntab> locate_pclntab(const ElfFile& file) {
    Error failure{"no_pclntab", "no pclntab in this file"};
    const auto inside = [&](const elf::Section* section) {
        return section != nullptr && section->type != SHT_NOBITS && section->offset <= file.size();
    };
    for (const std::string_view name : {".gopclntab", ".data.rel.ro.gopclntab"}) {
        const elf::Section* section = file.section(name);
        if (!inside(section)) {
            continue;
        }
        auto table = read_header(file, range_of(*section), "pclntab in " + std::string(name));
        if (table) {
            return table;
        }
        failure = table.error();
    }
    std::vector<Range> ranges;
    if (const elf::Section* section = file.section(".data.rel.ro"); inside(section)) {
        ranges.push_back(range_of(*section));
    }
    for (const elf::Segment& segment : file.segments()) {
        const auto offset = file.offset_of(segment.address);
        if (segment.type == PT_LOAD && (segment.flags & PF_X) == 0 && offset) {
            ranges.push_back({segment.address, *offset, file.contiguous_from(segment.address),
                              (segment.flags & PF_W) != 0 ? "writable data" : "read-only data"});
        }
    }
    for (const Range& range : ranges) {
        auto table = scan(file, range);
        if (table) {
            return table;
        }
        if (table.error().reason != "no_pclntab" || failure.reason == "no_pclntab") {
            failure = table.error();
        }
    }
    return failure;
}

} // namespace holter::golang
