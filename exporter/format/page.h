// SPDX-License-Identifier: Apache-2.0
//
// The metrics page as it goes over the wire. It is never held as a whole: families
// are collected and written one after the other, and what is written leaves through
// a small buffer, compressed on the way if the scraper wants that.
#pragma once

#include "exporter/collector.h"

#include <functional>
#include <string>
#include <string_view>

namespace holter::exporter {

/// Takes the next piece of a page; false when nobody wants the rest.
using Sink = std::function<bool(std::string_view)>;

enum class Format {
    text,         ///< Prometheus' text format 0.0.4
    open_metrics, ///< OpenMetrics 1.0.0
};

std::string_view content_type(Format format);

/// The format that an `Accept` header asks for. Text when it asks for neither: that is what
/// exporters have always answered.
Format negotiate(std::string_view accept);

/// Whether an `Accept-Encoding` header allows gzip.
bool accepts_gzip(std::string_view accept_encoding);

/// Writes all families; false when the sink refused.
bool write_page(const Collector& collector, Format format, const Sink& sink);

/// The same for those who want it in one piece.
std::string page(const Collector& collector, Format format);

} // namespace holter::exporter
