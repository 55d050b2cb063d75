// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/build_info.h"

#include "loader/elf/printable.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = holter::elf::ElfFile::over(std::as_bytes(std::span(data, size)));
    if (!file) {
        return 0;
    }
    const auto info = holter::golang::read_build_info(*file);
    // What goes out is printable: making it so again changes nothing.
    if (info && (holter::elf::printable(info->version) != info->version ||
                 holter::elf::printable(info->path) != info->path)) {
        std::abort();
    }
    return 0;
}
