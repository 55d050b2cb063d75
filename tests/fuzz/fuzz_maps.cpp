// SPDX-License-Identifier: Apache-2.0
//
// /proc/PID/maps, whose paths the target chooses.
#include "loader/process/procfs/maps.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view content(reinterpret_cast<const char*>(data), size);
    holter::process::for_each_mapping(content, [&](const holter::process::Mapping& mapping) {
        const bool inside = mapping.path.empty() ||
                            (mapping.path.data() >= content.data() &&
                             mapping.path.data() + mapping.path.size() <= content.data() + size);
        if (mapping.start >= mapping.end || !inside) {
            std::abort();
        }
        return true;
    });
    return 0;
}
