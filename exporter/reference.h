// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "aggregator/catalogue/definition.h"

#include <string>
#include <vector>

namespace holter::exporter {

/// docs/metrics.md: the catalogue for people, with what they need to know to query it. `declared`
/// are the families that the built-in catalogue files of probes declare.
std::string reference(const std::vector<aggregator::DeclaredFamily>& declared);

} // namespace holter::exporter
