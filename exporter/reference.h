// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace holter::exporter {

/// docs/metrics.md: the catalogue for people, with what they need to know to query it.
std::string reference();

} // namespace holter::exporter
