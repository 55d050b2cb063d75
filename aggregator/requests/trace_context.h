// SPDX-License-Identifier: Apache-2.0
//
// Headers that say which trace a request belongs to. They come from clients of traced
// programs, so they may be anything: what is not exactly as its standard says is not there.
#pragma once

#include "aggregator/series/exemplar.h"

#include <optional>
#include <string_view>

namespace holter::aggregator {

/// The trace of a `traceparent` header of W3C's Trace Context, version 00. The span is the one that
/// the request was made in: its caller's.
struct TraceParent {
    std::string_view trace_id, span_id; ///< inside the header
    bool sampled = false;
};
std::optional<TraceParent> parse_traceparent(std::string_view header);

/// Whether a request's identifier can stand for it: visible text of at most 64 bytes.
bool is_request_id(std::string_view header);

/// What these headers make of an observation; null if neither says anything.
ExemplarPtr exemplar_of(std::string_view traceparent, std::string_view request_id,
                        std::uint64_t value, std::uint64_t unix_ns);

} // namespace holter::aggregator
