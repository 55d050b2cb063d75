// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the headers of a request: what becomes of them has the form of its standard, and
// fits into an exemplar.
#include "aggregator/requests/trace_context.h"
#include "aggregator/series/labels.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace holter::aggregator;

namespace {

constexpr std::size_t most_characters = 128; // OpenMetrics: names and values together

void require(bool condition) {
    if (!condition)
        std::abort();
}

void require_hex(std::string_view text, std::size_t digits) {
    require(text.size() == digits);
    require(text.find_first_not_of("0123456789abcdef") == std::string_view::npos);
    require(text.find_first_not_of('0') != std::string_view::npos);
}

void check(std::string_view traceparent, std::string_view request_id) {
    const ExemplarPtr exemplar = exemplar_of(traceparent, request_id, 1, 2);
    if (!exemplar)
        return;
    if (exemplar->request_id.empty()) {
        require_hex(exemplar->trace_id, 32);
        require_hex(exemplar->span_id, 16);
        require(traceparent.find(exemplar->trace_id) != std::string_view::npos);
        return;
    }
    require(exemplar->trace_id.empty() && exemplar->span_id.empty());
    require(exemplar->request_id == request_id);
    require(clean_label(exemplar->request_id) == exemplar->request_id);
    require(exemplar->request_id.size() + std::string_view("request_id").size() <= most_characters);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check(text, {});
    check({}, text);
    check(text.substr(0, size / 2), text.substr(size / 2));
    check(text, text);
    return 0;
}
