// SPDX-License-Identifier: Apache-2.0
//
// Logs go to standard error, one line an event, in the two forms that
// Prometheus exporters write: logfmt for people and JSON for collectors.
#pragma once

#include <string>

namespace holter::agent {

/// Sets up the default spdlog logger. `level`: debug, info, warn or error; `format`: logfmt or
/// json.
void set_up_logging(const std::string& level, const std::string& format);

} // namespace holter::agent
