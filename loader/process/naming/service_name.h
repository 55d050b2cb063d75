// SPDX-License-Identifier: Apache-2.0
//
// What a process is called on the dashboards when nobody else says so: the first
// that is there of what the user told OpenTelemetry, SERVICE_NAME, the systemd
// unit, and the program. A runtime's launcher is not the program: for
// `java -jar shop.jar` that is `shop`.
#pragma once

#include "loader/process/procfs/procfs.h"

#include <string>
#include <string_view>

namespace holter::process {

struct ServiceNameSources {
    std::string_view environment;  ///< NUL-separated block
    std::string_view systemd_unit; ///< without `.service`
    std::string_view command_line; ///< NUL-separated arguments
    std::string_view executable;   ///< path
};

/// Valid UTF-8, at most 255 bytes; empty only when the executable is unknown too.
std::string service_name(const ServiceNameSources& sources);

/// The same, reading the sources; what cannot be read counts as absent.
std::string service_name(const Procfs& procfs, pid_t pid);

/// The jar, script, module or main class that a launcher (java, python, node, ruby, php) was told
/// to run, without folder and extension; for everything else the base name of the executable.
std::string_view program_name(std::string_view executable, std::string_view command_line);

} // namespace holter::process
