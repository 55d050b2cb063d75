// SPDX-License-Identifier: Apache-2.0
//
// The pieces that both formats are made of.
#pragma once

#include "exporter/format/page.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace holter::exporter {

/// A sample's value: whole numbers as such, others with as many digits as it takes to read back
/// the same value.
void append_number(std::string& out, double value);

/// Seconds since 1970, to the millisecond, as scrapers keep them.
void append_time(std::string& out, std::uint64_t unix_ns);

/// A bucket's bound: `0.0001`, `1e-05`, `+Inf`, and `1.0` in OpenMetrics, whose bounds are floats
/// in canonical form, or `1` in the text format.
void append_bound(std::string& out, double bound, Format format);

/// With backslash, quote and line feed escaped, as in label values.
void append_escaped(std::string& out, std::string_view text);

} // namespace holter::exporter
