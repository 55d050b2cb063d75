// SPDX-License-Identifier: Apache-2.0
//
// What the log says of probes that failed. What they have in common is said once: a
// process that ends while it is attached to fails all of its probes.
#pragma once

#include "loader/tracer/target.h"

#include <string>
#include <vector>

namespace holter::agent {

/// A line for each reason, without the time or level.
std::vector<std::string> failure_lines(const std::vector<tracer::ProbeState>& states);

} // namespace holter::agent
