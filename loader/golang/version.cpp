// SPDX-License-Identifier: Apache-2.0
#include "loader/golang/version.h"

#include <charconv>

namespace holter::golang {
namespace {

constexpr int max_number = 9999;

/// Takes a decimal number off the front.
std::optional<int> take_number(std::string_view& text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0 || number > max_number || text.front() == '-') {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

} // namespace

std::optional<GoVersion> parse_go_version(std::string_view text) {
    constexpr std::string_view development = "devel ";
    constexpr std::string_view first = "go1.";
    const bool is_development = text.starts_with(development);
    if (is_development) {
        text.remove_prefix(development.size());
    }
    if (!text.starts_with(first)) {
        return std::nullopt;
    }
    text.remove_prefix(first.size());
    const auto minor = take_number(text);
    if (!minor) {
        return std::nullopt;
    }
    if (is_development || text.starts_with("rc") || text.starts_with("beta") ||
        text.starts_with("-devel")) {
        return GoVersion{*minor, -1};
    }
    if (!text.starts_with('.')) {
        return GoVersion{*minor, 0};
    }
    text.remove_prefix(1);
    const auto patch = take_number(text);
    if (!patch) {
        return std::nullopt;
    }
    return GoVersion{*minor, *patch};
}

std::string to_string(const GoVersion& version) {
    return "1." + std::to_string(version.minor) +
           (version.patch < 0 ? "-devel" : "." + std::to_string(version.patch));
}

} // namespace holter::golang
