// SPDX-License-Identifier: Apache-2.0
#include "aggregator/errors/classes.h"

#include <algorithm>
#include <utility>

namespace holter::aggregator {

void ErrorClasses::set_http(std::uint32_t first, std::uint32_t last,
                            Classification classification) {
    for (std::uint32_t code = first; code <= last; ++code)
        http_[code] = classification;
}

void ErrorClasses::set_grpc(std::uint32_t code, Classification classification) {
    grpc_.at(code) = classification;
}

void ErrorClasses::set_type(std::string pattern, Classification classification) {
    if (pattern.find('*') != std::string::npos)
        patterns_.push_back({pattern, classification});
    types_[std::move(pattern)] = classification;
}

void ErrorClasses::set_source(ErrorSource source, Classification classification) {
    sources_[static_cast<std::size_t>(source)] = classification;
}

std::optional<Classification> ErrorClasses::of_type(std::string_view type) const {
    if (type.empty())
        return std::nullopt;
    if (const auto found = types_.find(type); found != types_.end())
        return found->second;
    const auto found =
        std::find_if(patterns_.rbegin(), patterns_.rend(),
                     [&](const Pattern& pattern) { return glob_matches(pattern.text, type); });
    if (found == patterns_.rend())
        return std::nullopt;
    return found->classification;
}

std::optional<Classification> ErrorClasses::of_code(ErrorSource source, std::uint32_t code) const {
    switch (source) {
    case ErrorSource::grpc_server:
    case ErrorSource::grpc_client:
        return code < grpc_.size() ? grpc_[code] : std::nullopt;
    case ErrorSource::http_server:
    case ErrorSource::http_client: {
        const auto found = http_.find(code);
        return found == http_.end() ? std::nullopt : std::optional(found->second);
    }
    default:
        return std::nullopt;
    }
}

Classification ErrorClasses::classify(const ErrorSeen& error) const {
    if (const auto by_type = of_type(error.type))
        return *by_type;
    if (const auto by_root = of_type(error.root_type))
        return *by_root;
    if (error.code)
        if (const auto by_code = of_code(error.source, *error.code))
            return *by_code;
    return sources_[static_cast<std::size_t>(error.source)];
}

bool glob_matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0, t = 0;
    std::size_t star = std::string_view::npos; // the last one passed, and what it stands for so far
    std::size_t resumed = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resumed = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resumed;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

} // namespace holter::aggregator
