// SPDX-License-Identifier: Apache-2.0
//
// The reader of the metrics that a catalogue file declares, and which of Holter's own
// it may feed.
#pragma once

#include "loader/catalogue/definition.h"
#include "loader/catalogue/strict_yaml.h"

#include <string>
#include <vector>

namespace holter::catalogue {

/// A metric of Holter's own that catalogue files may feed: its labels, but `runtime`.
struct SharedMetric {
    const char* name;
    const char* type;
    std::vector<std::string> labels;
};
const std::vector<SharedMetric>& shared_metrics();

/// Throws YamlError.
DeclaredMetric parse_metric(const YamlValue& value);

} // namespace holter::catalogue
