// SPDX-License-Identifier: Apache-2.0
//
// The whole way from a file to addresses. The first byte chooses the release whose layout the rest
// is read by.
#include "loader/elf/printable.h"
#include "loader/golang/functions/function_table.h"

#include <cstdlib>

using holter::elf::ElfFile;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const int minor = 18 + data[0] % 10;
    const auto file = ElfFile::over(std::as_bytes(std::span(data + 1, size - 1)));
    if (!file) {
        return 0;
    }
    static const std::vector<std::string> wanted{"main.main", "runtime.gcStart.func*",
                                                 "runtime.record", "runtime.add", "runtime.l*"};
    const auto table = holter::golang::find_functions(*file, {minor, 0}, wanted);
    if (!table) {
        return 0;
    }
    for (const auto& function : table->functions) {
        // A probe will be put there: it must be code that the file has.
        if (!file->offset_of(function.address) ||
            file->contiguous_from(function.address) < function.size) {
            std::abort();
        }
    }
    for (const auto& copy : table->inlined) {
        if (holter::elf::printable(copy.host) != copy.host) {
            std::abort();
        }
    }
    return 0;
}
