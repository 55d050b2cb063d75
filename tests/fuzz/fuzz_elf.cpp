// SPDX-License-Identifier: Apache-2.0
//
// Everything ElfFile answers about an arbitrary file.
#include "loader/elf/elf_file.h"

#include <cstdlib>

using holter::elf::ElfFile;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = ElfFile::over(std::as_bytes(std::span(data, size)));
    if (!file) {
        return 0;
    }
    static const std::vector<std::string> names{"collect", "gc_collect", "main", "ab"};
    file->find_symbols(names);
    file->build_id();
    file->section(".text");
    for (const auto& segment : file->segments()) {
        file->at_offset(segment.offset, 8);
        file->at_address(segment.address, 8);
        file->words_at(segment.address, 4);
        const auto offset = file->offset_of(segment.address);
        // What has an address in the file has an offset, which has an address.
        if (offset && (*offset >= file->size() || !file->address_of(*offset))) {
            std::abort();
        }
    }
    if (file->pointers_to(0x1234, 4).size() > 4) {
        std::abort();
    }
    return 0;
}
