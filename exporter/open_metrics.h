// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/page.h"

#include <string>
#include <string_view>

namespace holter::exporter {

/// OpenMetrics 1.0.0. False when the sink refused.
bool write_open_metrics(const Collector& collector, const Sink& sink);

/// A sample's value: whole numbers as such, others with as many digits as it takes to read back
/// the same value.
void append_number(std::string& out, double value);

/// A bucket's bound in OpenMetrics' canonical form: `1.0`, `0.0001`, `1e-05`, `+Inf`.
void append_bound(std::string& out, double bound);

/// With backslash, quote and line feed escaped.
void append_escaped(std::string& out, std::string_view text);

} // namespace holter::exporter
