// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a runtime function in which variables are looked for. The first 8 bytes are the
// callee.
#include "loader/golang/account/code_patterns.h"

#include <cstdint>
#include <cstring>
#include <span>

using namespace holter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::uint64_t callee = 0;
    if (size < sizeof callee) {
        return 0;
    }
    std::memcpy(&callee, data, sizeof callee);
    const site::Code code{
        site::Machine::x86_64, 0x401000,
        std::span(reinterpret_cast<const std::byte*>(data), size).subspan(sizeof callee)};
    golang::patterns::first_arguments(code, callee);
    golang::patterns::counted_up(code);
    golang::patterns::added_to(code);
    golang::patterns::added_to(code, callee);
    golang::patterns::exchanged(code);
    golang::patterns::loaded(code);
    golang::patterns::slices_loaded(code);
    return 0;
}
