// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace holter::agent {

/// Parses the command line and does what it says. Returns the exit code. Throws UsageError,
/// catalogue::YamlError or std::runtime_error for what the user has to mend.
int run_command_line(int argc, const char* const* argv);

} // namespace holter::agent
