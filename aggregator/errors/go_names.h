// SPDX-License-Identifier: Apache-2.0
//
// Events of Go targets carry addresses of types and texts; what stands there is in the
// target's executable, which the aggregator never reads. Whoever can gives these.
#pragma once

#include "aggregator/target.h"

#include <cstdint>
#include <functional>
#include <string>

namespace holter::aggregator {

struct GoNames {
    /// Name of the type whose descriptor is at this address of the target.
    std::function<std::string(TargetId, std::uint64_t address)> type = [](TargetId, std::uint64_t) {
        return std::string("unknown");
    };
    /// A constant text of the target; empty when there is none.
    std::function<std::string(TargetId, std::uint64_t address, std::uint64_t length)> text =
        [](TargetId, std::uint64_t, std::uint64_t) { return std::string(); };
};

} // namespace holter::aggregator
