// SPDX-License-Identifier: Apache-2.0
//
// The USDT notes of an arbitrary file. What comes out has its places in the file, and no zero
// byte in its texts.
#include "loader/usdt/arguments.h"
#include "loader/usdt/notes.h"

#include <cstdlib>

using namespace holter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = elf::ElfFile::over(std::as_bytes(std::span(data, size)));
    if (!file) {
        return 0;
    }
    const auto counts = usdt::for_each_probe(*file, [&](const usdt::ProbeView& probe) {
        const bool texts = probe.provider.find('\0') == std::string_view::npos &&
                           probe.name.find('\0') == std::string_view::npos;
        if (!texts || probe.offset >= file->size() || !file->is_code(probe.address) ||
            (probe.semaphore != 0 && probe.semaphore_offset == 0)) {
            std::abort();
        }
        usdt::parse_arguments(probe.arguments, {file->machine(), probe.address, true, nullptr});
        return true;
    });
    const usdt::ProbeName name{"app", "begin"};
    const auto probes = usdt::find_probe(*file, name);
    if (probes && (probes->empty() || probes->size() > counts.usable)) {
        std::abort();
    }
    return 0;
}
