// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/page.h"

namespace holter::exporter {

/// Prometheus' text format 0.0.4, by prometheus-cpp. False when the sink refused.
bool write_text(const Collector& collector, const Sink& sink);

} // namespace holter::exporter
