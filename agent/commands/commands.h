// SPDX-License-Identifier: Apache-2.0
//
// What `holter` can be told to do, a function each. All return the exit code: 0
// fine, 1 failed at work; wrong usage and configuration are exceptions (code 2),
// caught in main.
#pragma once

#include "agent/configuration.h"

#include <cstdint>
#include <stdexcept>
#include <string>

namespace holter::agent {

/// Something a user can mend: one clear line, exit code 2.
class UsageError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

enum class Output {
    table, ///< for people, at most 120 columns wide
    wide,  ///< with all there is
    json,
};

/// The agent: traces until SIGINT or SIGTERM.
int run(const Configuration& configuration);
/// What Holter sees in a process, and why anything is missing.
int inspect(const Configuration& configuration, std::int32_t pid, Output output);
/// The catalogue.
int list_probes(const Configuration& configuration, Output output);
/// Reads a configuration file, or a catalogue file, and says whether it is right.
int check_config(const std::string& path);
int print_version(Output output);

} // namespace holter::agent
