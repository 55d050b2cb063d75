// SPDX-License-Identifier: Apache-2.0
#include "loader/process/naming/resource_attributes.h"

#include <charconv>
#include <cstdint>

namespace holter::process {
namespace {

std::string_view trim(std::string_view text) {
    constexpr std::string_view blank = " \t";
    const std::size_t begin = text.find_first_not_of(blank);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    while (!text.empty()) {
        if (text.front() != '%') {
            decoded += text.front();
            text.remove_prefix(1);
            continue;
        }
        if (text.size() < 3) {
            return std::nullopt;
        }
        std::uint8_t byte = 0;
        const char* const end = text.data() + 3;
        const auto [stop, error] = std::from_chars(text.data() + 1, end, byte, 16);
        if (error != std::errc() || stop != end) {
            return std::nullopt;
        }
        decoded += static_cast<char>(byte);
        text.remove_prefix(3);
    }
    return decoded;
}

} // namespace

std::optional<ResourceAttributes> parse_resource_attributes(std::string_view text) {
    ResourceAttributes attributes;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        const std::string_view pair = trim(text.substr(0, comma));
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
        if (pair.empty()) {
            continue; // a comma too many is common and says nothing wrong
        }
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos) {
            return std::nullopt;
        }
        auto key = percent_decode(trim(pair.substr(0, equals)));
        auto value = percent_decode(trim(pair.substr(equals + 1)));
        if (!key || !value || key->empty()) {
            return std::nullopt;
        }
        attributes.emplace_back(std::move(*key), std::move(*value));
    }
    return attributes;
}

} // namespace holter::process
