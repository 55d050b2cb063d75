// SPDX-License-Identifier: Apache-2.0
//
// usage: function_symbols FILE PATTERN…
//
// What it takes to find functions by name in a file: time, and how much memory the search adds at
// its peak. Prints what was found.
#include "loader/symbols/functions.h"

#include <chrono>
#include <cstdio>
#include <sys/resource.h>

int main(int argc, char** argv) {
    using namespace holter;
    const auto peak = [] {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        return usage.ru_maxrss;
    };
    if (argc < 3) {
        std::fprintf(stderr, "usage: function_symbols FILE PATTERN...\n");
        return 2;
    }
    const auto file = elf::ElfFile::open(argv[1]);
    if (!file) {
        std::fprintf(stderr, "%s\n", file.error().message.c_str());
        return 1;
    }
    const std::vector<std::string> patterns(argv + 2, argv + argc);
    const long before = peak();
    const auto begin = std::chrono::steady_clock::now();
    const auto found = symbols::find_functions(*file, patterns, symbols::FileSystem{"/", argv[1]});
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        std::printf("%s: %zu\n", patterns[i].c_str(), found.functions[i].size());
        for (const symbols::Function& function : found.functions[i]) {
            std::printf("  %#lx +%lu %s\n", function.address, function.size, function.name.c_str());
        }
        if (found.functions[i].empty()) {
            const Error why = symbols::missing_function(patterns, i, found);
            std::printf("  %s: %s\n", why.reason.c_str(), why.message.c_str());
        }
    }
    std::printf("%zu patterns: %.1f ms, %ld KiB more at the peak\n", patterns.size(), took.count(),
                peak() - before);
    return 0;
}
