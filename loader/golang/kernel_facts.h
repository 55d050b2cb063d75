// SPDX-License-Identifier: Apache-2.0
//
// What the kernel side must know of a Go process before its probes are attached:
// offsets of struct fields in its binary, addresses of variables in its memory.
// One function for each signal that needs any; the tracer writes what they say.
#pragma once

#include "loader/golang/binary.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace holter::golang {

/// The element of a process in a map that has one for each target.
struct KernelFact {
    std::string map;
    std::vector<std::byte> element;
};

/// All facts of a process that runs `binary`, `load_bias` from where it was linked.
std::vector<KernelFact> kernel_facts(const Binary& binary, const RuntimeVariables& variables,
                                     std::uint64_t load_bias);

} // namespace holter::golang
