// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/trace_settings.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace holter::golang {

namespace {

constexpr std::uint64_t unit_ns = 1 << 20;
constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr char lower_case_bit = 0x20;

/// What a header's name can be made of.
bool is_token_character(char c) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
}

} // namespace

Result<holter_trace_settings> trace_settings(std::uint32_t exemplars_per_second,
                                             std::string_view request_id_header) {
    holter_trace_settings settings{};
    if (request_id_header.size() > sizeof(settings.id_name) ||
        !std::all_of(request_id_header.begin(), request_id_header.end(), is_token_character))
        return Error{"bad_header_name", "`" + std::string(request_id_header) +
                                            "` is no name of a header of at most " +
                                            std::to_string(sizeof(settings.id_name)) + " letters"};
    const std::uint32_t rate = std::min(exemplars_per_second, most_exemplars_per_second);
    if (rate > 0)
        settings.interval =
            std::max(static_cast<std::uint32_t>(second_ns / rate / unit_ns), std::uint32_t{1});
    settings.id_length = static_cast<std::uint32_t>(request_id_header.size());
    char name[sizeof(settings.id_name)] = {};
    std::copy(request_id_header.begin(), request_id_header.end(), name);
    for (char& c : name)
        c = static_cast<char>(c | lower_case_bit);
    std::memcpy(settings.id_name, name, sizeof(name));
    return settings;
}

} // namespace holter::golang
