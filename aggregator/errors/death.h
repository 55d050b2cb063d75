// SPDX-License-Identifier: Apache-2.0
//
// The end of a process as an error: what waitpid(2) says of it, in the words of
// holter_errors_total.
#pragma once

#include "aggregator/errors/classes.h"
#include "bpf/events.h"

#include <string>

namespace holter::aggregator {

struct Death {
    ErrorSource source = ErrorSource::exit; ///< signal, exit or oom
    std::string type;                       ///< `SIGSEGV`, `exit_1`, `oom_killed`
};

Death describe(const holter_death& event);

} // namespace holter::aggregator
