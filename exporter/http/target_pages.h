// SPDX-License-Identifier: Apache-2.0
//
// The targets as people and scripts see them: a landing page and a JSON document.
// docs/http.md describes both.
#pragma once

#include "aggregator/snapshot.h"
#include "exporter/process_stats.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace holter::exporter {

/// The landing page, with a link to the metrics at `telemetry_path`.
std::string landing_page(const aggregator::Snapshot& snapshot, const BuildInfo& build,
                         std::string_view telemetry_path);

/// `{"targets": [...]}`, in order of process id.
std::string targets_json(const aggregator::Snapshot& snapshot);

/// Text that stands for itself in HTML, in attributes too.
std::string html(std::string_view text);

/// `412 µs`, `1.31 ms`, `2.5 s`: three digits.
std::string duration(std::uint64_t ns);

} // namespace holter::exporter
