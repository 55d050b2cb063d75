// SPDX-License-Identifier: Apache-2.0
//
// The types of a Go binary. The input is what lies where the types are; the first byte chooses the
// release whose layout it is read by.
#include "loader/golang/types/error_links.h"
#include "tests/unit/golang/types/types_image.h"

#include <cstdlib>

using namespace holter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
    const test::Bytes file =
        test::ElfBuilder().load(PF_R, test::TypesImage::base, {bytes.begin(), bytes.end()}).build();
    const auto elf = elf::ElfFile::over(file);
    if (!elf) {
        return 0;
    }
    golang::ModuleData module_data;
    module_data.types = test::TypesImage::base;
    module_data.types_end = test::TypesImage::base + bytes.size();
    const golang::TypeReader types(*elf, module_data);
    for (const auto& link : golang::find_error_links(types, {18 + data[0] % 10, 0}, 128)) {
        // The kernel side holds both in few bits.
        if (link.offset > 0xffff || link.type < types.begin() || link.type >= types.end()) {
            std::abort();
        }
    }
    for (std::uint64_t address = types.begin(); address < types.end(); address += 8) {
        const auto name = types.name(address);
        if (name && (name->empty() || name->size() > golang::TypeReader::longest_name)) {
            std::abort();
        }
    }
    return 0;
}
