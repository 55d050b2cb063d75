// SPDX-License-Identifier: Apache-2.0
//
// Functions and variables of an arbitrary file, its .gnu_debugdata and its debug link. What is
// found must be code.
#include "loader/symbols/functions.h"
#include "loader/symbols/mini_symbols.h"
#include "loader/symbols/variable.h"

#include <cstdlib>

using namespace holter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = elf::ElfFile::over(std::as_bytes(std::span(data, size)));
    if (!file) {
        return 0;
    }
    static const std::vector<std::string> patterns{
        "collect", "A::f", "A::f(int)", "r::work::*", "operator new(unsigned long)", "*"};
    const auto found = symbols::find_functions(*file, patterns);
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        if (found.functions[i].size() > symbols::max_functions) {
            std::abort();
        }
        for (const symbols::Function& function : found.functions[i]) {
            if (!file->is_code(function.address)) {
                std::abort();
            }
        }
        if (found.functions[i].empty() &&
            symbols::missing_function(patterns, i, found).reason.empty()) {
            std::abort();
        }
    }
    symbols::variable_address(*file, "counter");
    const auto link = symbols::debug_link(*file);
    if (link && link->name.find('/') != std::string::npos) {
        std::abort();
    }
    return 0;
}
