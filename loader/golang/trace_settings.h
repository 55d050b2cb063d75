// SPDX-License-Identifier: Apache-2.0
//
// Which headers of requests are read, and how often, as the kernel side wants to know it.
#pragma once

#include "bpf/events.h"
#include "loader/result.h"

#include <cstdint>
#include <string_view>

namespace holter::golang {

inline constexpr std::uint32_t most_exemplars_per_second = 1000;

/// `exemplars_per_second` of each class of requests of a process; 0: no header is read.
/// `request_id_header` is the name of the header with a request's identifier, in any case; empty:
/// none is looked for. Errors: `bad_header_name`.
Result<holter_trace_settings> trace_settings(std::uint32_t exemplars_per_second,
                                             std::string_view request_id_header);

} // namespace holter::golang
