// SPDX-License-Identifier: Apache-2.0
//
// The table of error classes, from YAML (probes/error_classes.yaml, and a file of the
// user's on top) to the plain data that the aggregator applies. docs/configuration.md
// describes the form.
#pragma once

#include "aggregator/errors/classes.h"

#include <string>

namespace holter::agent {

/// The built-in table, with the file at `path` on top unless that is empty. Throws
/// catalogue::YamlError, with file:line:column for a mistake in it.
aggregator::ErrorClasses error_classes(const std::string& path);

/// Lays one table over `classes`; `file` is only for messages.
void apply_error_classes(aggregator::ErrorClasses& classes, const std::string& content,
                         const std::string& file);

} // namespace holter::agent
