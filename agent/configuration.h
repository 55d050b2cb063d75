// SPDX-License-Identifier: Apache-2.0
//
// Everything a user can set, from one YAML file and the command line, which
// overrides it. docs/configuration.md describes the keys.
#pragma once

#include "bpf/events.h"
#include "loader/result.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace holter::agent {

struct Configuration {
    std::string listen_address = ":9466";
    std::string telemetry_path = "/metrics";
    std::string log_level = "info";       ///< debug, info, warn, error
    std::string log_format = "logfmt";    ///< logfmt, json
    std::vector<std::int32_t> pids;       ///< only these processes; empty: no such restriction
    std::vector<std::string> executables; ///< only executables that match one of these globs
    std::vector<std::string> services;    ///< only these services
    std::string attach_method = "auto";   ///< auto, multi, perf
    std::string probes_dir;               ///< of the user's own catalogue files; empty: none
    std::string procfs = "/proc";
    std::chrono::milliseconds rescan_interval{30'000};
    std::size_t series_per_family = 2000;
    std::size_t most_targets = HOLTER_MAX_TARGETS;
    std::uint32_t tcp_sockets = 1'000'000;   ///< followed at a time
    std::uint32_t exemplars_per_second = 10; ///< of a class of requests; 0: headers are not read
    std::string request_id_header = "x-request-id";
    /// Part of a target's CPU time that counting its requests may cost before they are sampled,
    /// above 0 to 1; 0: they never are.
    double overhead_budget = 0.003;
    std::string error_classes_file; ///< on top of the built-in table; empty: none
};

/// A budget as people write it: `0.3%`, `0.003` or `off`, which is 0. Error: `no_budget`.
Result<double> budget(const std::string& text);

/// Reads a configuration file over the defaults. Throws catalogue::YamlError, with
/// file:line:column for a mistake in it.
Configuration read_configuration(const std::string& path);

/// The whole of a file that a user named. Throws catalogue::YamlError when it cannot be read.
std::string read_file(const std::string& path);

/// The configuration from text; `file` is only for messages.
Configuration parse_configuration(const std::string& content, const std::string& file);

} // namespace holter::agent
