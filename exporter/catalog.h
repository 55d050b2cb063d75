// SPDX-License-Identifier: Apache-2.0
//
// Every metric, once: the pages, both formats and docs/metrics.md are made from
// this table. A row says where its values come from, so that a metric that nothing
// feeds cannot be declared.
#pragma once

#include "aggregator/catalogue/definition.h"
#include "aggregator/family.h"
#include "exporter/process_stats.h"

#include <span>
#include <string_view>
#include <variant>

namespace holter::exporter {

enum class Type { counter, gauge, histogram };

/// The one series that says which build this is.
struct BuildSource {};

using Source = std::variant<aggregator::Family, double ProcessStats::*, BuildSource>;

struct Metric {
    std::string_view name; ///< as in the text format: counters end in `_total`
    Type type;
    std::string_view help; ///< one sentence; says how several processes of a service combine
    bool of_service;       ///< has the labels of a service before its own
    std::span<const std::string_view> labels; ///< its own, in the aggregator's order
    Source source;
    double per_unit = 1; ///< aggregator's units in one exported unit: 1e9 for ns in seconds
    std::string_view section;
};

/// In the order of the pages.
std::span<const Metric> catalog();

/// The metric of a family. All families have one.
const Metric& metric_of(aggregator::Family family);

/// Label names of Service, in its order.
std::span<const std::string_view> service_labels();

/// `seconds`, `bytes`, `ratio`: what the name ends with, before `_total`; empty when it is a count.
std::string_view unit_of(const Metric& metric);

std::string_view to_string(Type type);

Type type_of(const aggregator::DeclaredFamily& family);

} // namespace holter::exporter
