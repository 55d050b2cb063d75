// SPDX-License-Identifier: Apache-2.0
//
// The debug information of a target. Input: the length of .debug_abbrev (two bytes, little-
// endian), .debug_abbrev, .debug_info.
#include "loader/golang/dwarf_layout.h"
#include "loader/golang/offset_table.h"

#include "tests/unit/golang/debug_image.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holter;
    static const golang::ModuleLayouts wanted = *golang::OffsetTable::embedded().module("std");
    if (size < 2) {
        return 0;
    }
    const std::string text(reinterpret_cast<const char*>(data + 2), size - 2);
    const std::size_t split = std::min(data[0] + std::size_t{256} * data[1], text.size());
    const auto image = testing::elf_image(
        {{".debug_abbrev", text.substr(0, split), 0}, {".debug_info", text.substr(split), 0}});
    const auto file = elf::ElfFile::over(image);
    if (!file) {
        std::abort();
    }
    const auto read = golang::read_dwarf_layouts(file.value(), wanted, std::uint64_t{1} << 20);
    if (read && read.value().size() != wanted.figures.size()) {
        std::abort();
    }
    return 0;
}
