// SPDX-License-Identifier: Apache-2.0
#include "aggregator/requests/trace_context.h"

#include "aggregator/series/labels.h"
#include "bpf/events.h"

#include <algorithm>
#include <string>
#include <utility>

namespace holter::aggregator {

namespace {

// 00-TRACE-SPAN-FLAGS
constexpr std::string_view version = "00";
constexpr std::size_t trace_at = 3, trace_digits = 32;
constexpr std::size_t span_at = trace_at + trace_digits + 1, span_digits = 16;
constexpr std::size_t flags_at = span_at + span_digits + 1, flags_digits = 2;
static_assert(flags_at + flags_digits == HOLTER_TRACEPARENT);

bool is_lower_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// All zeroes stand for "none".
bool is_id(std::string_view text) {
    return is_lower_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

} // namespace

std::optional<TraceParent> parse_traceparent(std::string_view header) {
    if (header.size() != HOLTER_TRACEPARENT || !header.starts_with(version) ||
        header[trace_at - 1] != '-' || header[span_at - 1] != '-' || header[flags_at - 1] != '-')
        return std::nullopt;
    const TraceParent parent{
        header.substr(trace_at, trace_digits), header.substr(span_at, span_digits),
        // The last bit of the last digit.
        std::string_view("13579bdf").find(header.back()) != std::string_view::npos};
    if (!is_id(parent.trace_id) || !is_id(parent.span_id) || !is_lower_hex(header.substr(flags_at)))
        return std::nullopt;
    return parent;
}

bool is_request_id(std::string_view header) {
    const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; };
    return !header.empty() && header.size() <= HOLTER_REQUEST_ID &&
           std::none_of(header.begin(), header.end(), is_control) && clean_label(header) == header;
}

ExemplarPtr exemplar_of(std::string_view traceparent, std::string_view request_id,
                        std::uint64_t value, std::uint64_t unix_ns) {
    Exemplar exemplar;
    if (const auto parent = parse_traceparent(traceparent)) {
        exemplar.trace_id = parent->trace_id;
        exemplar.span_id = parent->span_id;
        exemplar.sampled = parent->sampled;
    } else if (is_request_id(request_id)) {
        exemplar.request_id = request_id;
    } else {
        return nullptr;
    }
    exemplar.value = value;
    exemplar.unix_ns = unix_ns;
    return std::make_shared<const Exemplar>(std::move(exemplar));
}

} // namespace holter::aggregator
