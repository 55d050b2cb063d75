// SPDX-License-Identifier: Apache-2.0
//
// The label values of one series. Executables' names, environment variables and
// module paths of a traced process are written by whoever wrote that process, so
// every value passes clean_label() before it becomes part of a series' identity:
// two raw values that look the same on the page are then one series.
#pragma once

#include "aggregator/target.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holter::aggregator {

struct Labels {
    /// Null for families that are not about targets. Shared by all series of the service.
    std::shared_ptr<const Service> service;
    /// In the order of the catalogue's label names. An empty value is a label left out.
    std::vector<std::string> own;
};

inline constexpr std::size_t longest_label = 256;

/// Valid UTF-8 of at most `longest_label` bytes, cut between characters. Bytes that are not
/// UTF-8 become U+FFFD, and so does NUL, which no text format can carry.
std::string clean_label(std::string_view raw);

Service clean_service(const Service& raw);

} // namespace holter::aggregator
